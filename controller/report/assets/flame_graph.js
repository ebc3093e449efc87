// One flame graph on the page: controls, keyboard, tooltips. The data are beside it as JSON. The drawing for pages
// without a script is kept for print.
class FlameGraph {
  constructor(section) {
    this.section = section;
    this.part = (name) => section.querySelector(`.flame-${name}`);
    const data = JSON.parse(this.part('data').textContent);
    this.data = data;
    this.differs = data.kind === 'difference';
    this.functions = data.functions;
    // Functions are in pre-order with children by name, so this is also the order of functions.
    const names = this.functions.map((one, i) => [one[0], i]);
    names.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1]));
    this.rank = new Int32Array(names.length);
    names.forEach(([, fn], i) => { this.rank[fn] = i; });
    const columns = this.differs ? [data.a, data.b] : [data.ns, data.samples];
    this.topDown = new FlameModel(data.depth, data.function, columns);
    this.view = this.part('view');
    this.canvas = this.view.querySelector('canvas');
    this.painter = new FlameCanvas(this.view, this.canvas);
    this.matches = null;
    this.hovered = -1;
    this.tip = document.createElement('div');
    this.tip.className = 'flame-tip';
    this.tip.hidden = true;
    section.append(this.tip);
    this.listen();
    this.show(this.topDown, this.differs ? [0, 1] : [0]);
  }

  // --- The visible part.

  show(model, quantities) {
    this.model = model;
    this.quantities = quantities;
    model.setWidths(quantities);
    this.colours = new Map();
    this.focus = 0;
    this.chosen = -1;
    this.window = {left: 0, width: model.width[0] || 1};
    this.painter.resize(model);
    if (this.painter.upward) this.view.scrollTop = this.view.scrollHeight;
    this.paint();
    this.say();
  }

  zoom(node) {
    if (this.model !== this.topDown) {
      // The window became wider, so it shows more.
      const path = this.model.path(node);
      this.model = this.topDown.reversed(this.rank, path);
      this.model.setWidths(this.quantities);
      this.painter.resize(this.model);
      node = this.model.follow(path);
    }
    this.focus = node;
    this.chosen = node === 0 ? -1 : node;
    this.painter.reveal(this.model.depth[node]);
    this.glide({left: this.model.left[node], width: this.model.width[node] || 1});
    this.say();
  }

  // Animates the window, briefly, so that the eye can follow.
  glide(to) {
    const from = this.window;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const begin = performance.now();
    const step = (now) => {
      const done = still ? 1 : Math.min(1, Math.max(0, (now - begin) / 140));
      const eased = 1 - (1 - done) ** 3;
      this.window = done === 1 ? to : {
        left: from.left + (to.left - from.left) * eased,
        width: from.width + (to.width - from.width) * eased,
      };
      this.paint();
      if (done < 1) this.frame = requestAnimationFrame(step);
    };
    cancelAnimationFrame(this.frame);
    if (still) step(begin);
    else this.frame = requestAnimationFrame(step);
    this.part('reset').disabled = this.focus === 0 && !this.matches;
  }

  paint() {
    const model = this.model;
    this.painter.paint(model, this.window, {
      chosen: this.chosen >= 0 ? this.chosen : this.hovered,
      above: (node) => node !== this.focus && node < this.focus && model.end[node] > this.focus,
      matched: this.matches && ((node) => this.matches[model.fn[node]]),
      colour: (node) => this.colour(node),
      text: (node) => this.functions[model.fn[node]][0],
    });
  }

  colour(node) {
    const key = this.differs ? node : this.model.fn[node];
    let colour = this.colours.get(key);
    if (!colour) {
      colour = this.differs ? this.colourOfChange(node) : this.colourOfFunction(this.model.fn[node]);
      this.colours.set(key, colour);
    }
    return colour;
  }

  kindOf(fn) {
    const [, , kind, inlined] = this.functions[fn];
    return inlined && KINDS[kind] === 'program' ? 'inlined' : KINDS[kind];
  }

  colourOfFunction(fn) {
    const theme = this.painter.theme;
    if (fn === this.model.fn[0]) return FlameCanvas.mix(theme.group, theme.group, 0);
    let hash = 0;
    for (const letter of this.functions[fn][0]) hash = (hash * 31 + letter.codePointAt(0)) >>> 0;
    // Neighbours of one kind differ in shade.
    return FlameCanvas.mix(theme[this.kindOf(fn)], FlameCanvas.rgb(this.painter.paper), (hash % 5) * 0.055);
  }

  colourOfChange(node) {
    const theme = this.painter.theme;
    const test = this.data.tests[node];
    if (node === 0 || !test || !test[3]) return FlameCanvas.mix(theme.same, theme.same, 0);
    const [a, b] = this.figures(node);
    const whole = Math.max(this.model.total[0][0], this.model.total[1][0]);
    // Colours reach full strength at a tenth of the total.
    const strength = Math.min(1, Math.sqrt(Math.abs(b - a) / whole / 0.1));
    return FlameCanvas.mix(theme.same, b > a ? theme.more : theme.less, 0.25 + 0.75 * strength);
  }

  figures(node) { return this.model.total.map((column) => column[node]); }

  // --- The description of a frame.

  about(node) {
    const model = this.model;
    const [name, library, kind] = this.functions[model.fn[node]];
    const place = this.data.libraries[library];
    // A category or a system call has no file.
    const label = node === 0 || (!kind && !place) ? '' : KIND_LABELS[this.kindOf(model.fn[node])] ?? KINDS[kind];
    const facts = this.differs ? this.factsOfChange(node) : this.factsOfFrame(node);
    return {name, where: [label, place].filter(Boolean).join(' · '), facts};
  }

  factsOfFrame(node) {
    const model = this.model;
    const [ns, samples] = this.figures(node);
    const facts = [
      ['of all', percent(ns / model.total[0][0])],
      ['samples', grouped(samples)],
      [this.data.quantity, seconds(ns)],
    ];
    if (this.focus > 0) facts.splice(1, 0, ['of the zoomed frame', percent(ns / model.total[0][this.focus])]);
    if (this.data.requests > 0) facts.push(['per request', microseconds(ns / 1e3 / this.data.requests)]);
    const own = model.own[0][node];
    if (own >= model.total[0][0] * 5e-5 && own < ns) facts.push(['itself', percent(own / model.total[0][0])]);
    return facts;
  }

  factsOfChange(node) {
    const unit = this.data.has_requests ? microseconds : percent;
    const [a, b] = this.figures(node);
    const facts = [
      [this.data.names[0], unit(a)],
      [this.data.names[1], unit(b)],
      ['difference', signed(unit(b - a), b - a)],
    ];
    if (this.data.has_requests) {
      facts.push(['share', `${percent(this.data.share_a[node])} → ${percent(this.data.share_b[node])}`]);
    }
    const test = this.data.tests[node];
    if (!test) {
      facts.push(['tested', this.data.enough_runs ? 'no: below 1 %' : 'no: too few runs']);
    } else {
      if (test[1] !== null) {
        const [low, high] = [test[1], test[2]];
        facts.push(['95 % interval', `${signed(unit(low), low)} to ${signed(unit(high), high)}`]);
      }
      facts.push(['significant', `${test[3] ? 'yes' : 'no'}, p = ${test[0].toPrecision(2)}`]);
    }
    return facts;
  }

  // The line below the graph, which screen readers announce.
  say() {
    const line = this.part('chosen');
    const node = this.chosen >= 0 ? this.chosen : this.focus;
    const {name, where, facts} = this.about(node);
    const bold = document.createElement('b');
    bold.textContent = name;
    const text = facts.map(([what, figure]) => `${what} ${figure}`).join(' · ');
    line.replaceChildren(bold, `${where ? `  ${where}` : ''} — ${text}`);
    this.part('reset').disabled = this.focus === 0 && !this.matches;
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = event.clientX - box.left;
    const row = this.painter.rowAt(event.clientY - box.top);
    return this.model.at(row, this.window.left + (x / this.painter.pixelsWide) * this.window.width);
  }

  hover(event) {
    const node = this.point(event);
    if (node !== this.hovered) {
      this.hovered = node;
      this.paint();
      if (node >= 0) {
        const {name, where, facts} = this.about(node);
        const make = (tag, text) => Object.assign(document.createElement(tag), {textContent: text});
        const list = document.createElement('dl');
        for (const [what, figure] of facts) list.append(make('dt', what), make('dd', figure));
        this.tip.replaceChildren(make('b', name), make('small', where), list);
      }
    }
    this.tip.hidden = node < 0;
    if (node < 0) return;
    const {offsetWidth: wide, offsetHeight: high} = this.tip;
    const x = event.clientX + 16 + wide > innerWidth ? event.clientX - wide - 12 : event.clientX + 16;
    const y = event.clientY + 18 + high > innerHeight ? event.clientY - high - 12 : event.clientY + 18;
    this.tip.style.left = `${Math.max(4, x)}px`;
    this.tip.style.top = `${Math.max(4, y)}px`;
  }

  // --- Search. Text between slashes is a regular expression.

  search(text) {
    const found = this.part('found');
    this.matches = null;
    if (text) {
      const slashes = /^\/(.+)\/$/.exec(text);
      let fits = (name) => name.toLowerCase().includes(text.toLowerCase());
      if (slashes) {
        try {
          const pattern = new RegExp(slashes[1], 'i');
          fits = (name) => pattern.test(name);
        } catch (error) {
          found.textContent = 'not a regular expression';
          this.paint();
          return;
        }
      }
      this.matches = this.functions.map(([name], fn) => fn !== this.model.fn[0] && fits(name));
    }
    this.tellMatches();
    this.paint();
    this.part('reset').disabled = this.focus === 0 && !this.matches;
  }

  tellMatches() {
    const found = this.part('found');
    if (!this.matches) {
      found.replaceChildren();
      return;
    }
    // Shares are of whole stacks, in either order.
    const nodes = this.topDown.outermost(this.matches);
    const bold = document.createElement('b');
    const sum = (q) => nodes.reduce((all, node) => all + this.topDown.total[q][node], 0);
    const share = (q) => sum(q) / (this.topDown.total[q][0] || 1);
    if (this.differs) {
      bold.textContent = `${percent(share(0))} → ${percent(share(1))}`;
      found.replaceChildren(bold, ` matched, ${counted(nodes.length, 'place', 'places')}`);
      return;
    }
    bold.textContent = percent(share(0));
    const request = this.data.requests > 0 ? `, ${microseconds(sum(0) / 1e3 / this.data.requests)} per request` : '';
    found.replaceChildren(bold, ` matched${request}, ${counted(sum(1), 'sample', 'samples')}`);
  }

  reset() {
    this.part('search').value = '';
    this.search('');
    if (this.focus !== 0) this.zoom(0);
    this.chosen = -1;
    this.paint();
    this.say();
  }

  // --- Events.

  listen() {
    this.canvas.addEventListener('click', (event) => {
      const node = this.point(event);
      if (node >= 0) this.zoom(node);
    });
    this.canvas.addEventListener('pointermove', (event) => this.hover(event));
    this.canvas.addEventListener('pointerleave', () => {
      this.hovered = -1;
      this.tip.hidden = true;
      this.paint();
    });
    this.view.addEventListener('scroll', () => this.paint(), {passive: true});
    this.view.addEventListener('keydown', (event) => this.key(event));
    const search = this.part('search');
    search.addEventListener('input', () => this.search(search.value));
    search.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') {
        search.value = '';
        this.search('');
        this.view.focus();
      } else if (event.key === 'Enter') {
        this.view.focus();
      }
    });
    this.part('reset').addEventListener('click', () => this.reset());
    for (const button of this.section.querySelectorAll('.flame-bar [data-does]')) {
      button.addEventListener('click', () => this.does(button));
    }
    const again = () => {
      this.colours.clear();
      this.painter.resize(this.model);
      this.paint();
    };
    new ResizeObserver(() => {
      if (this.view.clientWidth !== this.painter.pixelsWide) again();
    }).observe(this.view);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again);
  }

  does(button) {
    const what = button.dataset.does;
    if (what === 'flip') {
      this.painter.upward = !this.painter.upward;
      button.setAttribute('aria-pressed', this.painter.upward);
      this.view.scrollTop = this.painter.upward ? this.view.scrollHeight : 0;
      this.paint();
      return;
    }
    for (const other of button.parentElement.children) {
      other.setAttribute('aria-pressed', other === button);
    }
    if (what === 'top-down') this.show(this.topDown, this.quantities);
    if (what === 'bottom-up') {
      this.show(this.topDown.reversed(this.rank), this.quantities);
    }
    if (what === 'widths') this.show(this.model, JSON.parse(button.dataset.columns));
    this.tellMatches();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const model = this.model;
    const at = this.chosen >= 0 ? this.chosen : this.focus;
    const heaviest = () => model.children(at).reduce(
      (best, child) => (best < 0 || model.width[child] > model.width[best] ? child : best), -1);
    const beside = (step) => {
      if (at === 0) return -1;
      const row = model.children(model.parent[at]);
      return row[row.indexOf(at) + step] ?? -1;
    };
    const deeper = this.painter.upward ? 'ArrowUp' : 'ArrowDown';
    const back = this.painter.upward ? 'ArrowDown' : 'ArrowUp';
    const moves = {
      [deeper]: heaviest,
      [back]: () => model.parent[at],
      ArrowLeft: () => beside(-1),
      ArrowRight: () => beside(1),
    };
    if (moves[event.key]) {
      const to = moves[event.key]();
      if (to >= 0) this.choose(to);
    } else if (event.key === 'Enter' || event.key === ' ') {
      this.zoom(at);
    } else if (event.key === 'Escape') {
      this.reset();
    } else if (event.key === 'Backspace') {
      if (this.focus > 0) this.zoom(model.parent[this.focus]);
    } else if (event.key === '/') {
      this.part('search').focus();
    } else {
      return;
    }
    event.preventDefault();
  }

  choose(node) {
    this.chosen = node;
    this.painter.reveal(this.model.depth[node]);
    const {left, width} = this.window;
    // If the node is not visible, zooms out to a frame that contains it.
    if (this.model.left[node] < left || this.model.left[node] + this.model.width[node] > left + width * (1 + 1e-9)) {
      this.focus = this.model.parent[node] < 0 ? 0 : this.model.parent[node];
      this.glide({left: this.model.left[this.focus], width: this.model.width[this.focus] || 1});
    }
    this.paint();
    this.say();
  }
}
