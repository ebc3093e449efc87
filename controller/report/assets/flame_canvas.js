// Paints the visible part of a model: only rows on the screen, and only boxes of at least a third of a pixel.
class FlameCanvas {
  static ROW = 19;
  static LEAST = 0.3;

  constructor(view, canvas) {
    this.view = view;
    this.canvas = canvas;
    this.context = canvas.getContext('2d');
    this.spacer = document.createElement('div');
    view.append(this.spacer);
    this.upward = false;
  }

  // Maps a model's widths to pixels. `window` is the visible part, {left, width}.
  resize(model) {
    const height = model.rows * FlameCanvas.ROW;
    const limit = Math.max(200, Math.floor(window.innerHeight * 0.7));
    this.pixelsWide = this.view.clientWidth;
    this.pixelsHigh = Math.min(height, limit);
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(this.pixelsWide * ratio);
    this.canvas.height = Math.round(this.pixelsHigh * ratio);
    this.canvas.style.height = `${this.pixelsHigh}px`;
    this.spacer.style.height = `${height - this.pixelsHigh}px`;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.rows = model.rows;
    this.readTheme();
  }

  readTheme() {
    const style = getComputedStyle(this.view);
    const of = (name) => style.getPropertyValue(`--${name}`).trim();
    this.font = `11px ${of('mono')}`;
    this.ink = of('frame-ink');
    this.paper = of('paper');
    this.match = of('match');
    this.matchInk = of('match-ink');
    this.accent = of('accent');
    this.theme = {};
    for (const name of ['unknown', 'program', 'inlined', 'library', 'libc', 'kernel', 'vdso', 'jit',
                        'group', 'more', 'less', 'same']) {
      this.theme[name] = FlameCanvas.rgb(of(name));
    }
    this.context.font = this.font;
    this.letter = this.context.measureText('m').width;
  }

  static rgb(hex) {
    return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  }

  static mix(a, b, part) {
    return `rgb(${a.map((value, i) => Math.round(value + (b[i] - value) * part)).join(' ')})`;
  }

  top(depth) {
    const row = this.upward ? this.rows - 1 - depth : depth;
    return row * FlameCanvas.ROW - this.view.scrollTop;
  }

  rowAt(y) {
    const row = Math.floor((y + this.view.scrollTop) / FlameCanvas.ROW);
    return this.upward ? this.rows - 1 - row : row;
  }

  // `look` defines the appearance: colour(node), text(node), matched(node) or null, and the chosen node.
  paint(model, window, look) {
    const context = this.context;
    const scale = this.pixelsWide / window.width;
    const right = window.left + window.width;
    const high = FlameCanvas.ROW - 1;
    context.clearRect(0, 0, this.pixelsWide, this.pixelsHigh);
    context.font = this.font;
    context.textBaseline = 'middle';
    this.painted = 0;
    for (let i = 0; i < model.count;) {
      const begin = model.left[i];
      const finish = begin + model.width[i];
      if (finish <= window.left || begin >= right || model.width[i] * scale < FlameCanvas.LEAST) {
        i = model.end[i];
        continue;
      }
      const y = this.top(model.depth[i]);
      if (y > -FlameCanvas.ROW && y < this.pixelsHigh) {
        const x = Math.max(0, (begin - window.left) * scale);
        const wide = Math.min(this.pixelsWide, (finish - window.left) * scale) - x;
        this.box(x, y, wide, high, i, look);
      } else if (!this.upward && y >= this.pixelsHigh) {
        // Its callees are further down.
        i = model.end[i];
        continue;
      }
      i++;
    }
  }

  box(x, y, wide, high, node, look) {
    const context = this.context;
    this.painted++;
    const matched = look.matched && look.matched(node);
    const faded = (look.matched && !matched) || look.above(node);
    context.globalAlpha = faded ? 0.45 : 1;
    context.fillStyle = matched ? this.match : look.colour(node);
    // A thin gap between boxes, where there is space for one.
    context.fillRect(x, y, wide > 3 ? wide - 0.8 : wide, high);
    context.globalAlpha = 1;
    if (node === look.chosen) {
      context.strokeStyle = this.accent;
      context.lineWidth = 2;
      context.strokeRect(x + 1, y + 1, Math.max(0, wide - 2.8), high - 2);
    }
    const letters = Math.floor((wide - 8) / this.letter);
    if (letters < 3) return;
    let text = look.text(node);
    if (text.length > letters) text = `${text.slice(0, letters - 1)}…`;
    context.fillStyle = matched ? this.matchInk : this.ink;
    context.globalAlpha = faded ? 0.75 : 1;
    context.fillText(text, x + 4, y + high / 2 + 0.5);
    context.globalAlpha = 1;
  }

  // Scrolls a node's row into view.
  reveal(depth) {
    const y = this.top(depth);
    if (y < 0) this.view.scrollTop += y;
    const below = y + FlameCanvas.ROW - this.pixelsHigh;
    if (below > 0) this.view.scrollTop += below;
  }
}
