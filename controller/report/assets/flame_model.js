// A tree of functions in pre-order, as columns. `own` has one column per quantity with each node's own figures;
// `total` includes all its callees.
class FlameModel {
  // As a share of the window's width: a quarter of a pixel.
  static LEAST = 0.0002;

  constructor(depth, fn, own) {
    const count = depth.length;
    this.count = count;
    this.depth = depth;
    this.fn = fn;
    this.own = own;
    this.parent = new Int32Array(count);
    // The end of each node's subtree.
    this.end = new Int32Array(count);
    this.rows = 0;
    const path = [];
    for (let i = 0; i < count; i++) {
      while (path.length > depth[i]) this.end[path.pop()] = i;
      this.parent[i] = path.length ? path[path.length - 1] : -1;
      path.push(i);
      if (depth[i] >= this.rows) this.rows = depth[i] + 1;
    }
    while (path.length) this.end[path.pop()] = count;
    this.total = own.map((column) => {
      const sums = Float64Array.from(column);
      for (let i = count - 1; i > 0; i--) sums[this.parent[i]] += sums[i];
      return sums;
    });
  }

  // Widths are those of one quantity or the sum of several. Children are side by side on their parent, from its left
  // edge.
  setWidths(quantities) {
    this.width = Float64Array.from(this.total[quantities[0]]);
    for (const more of quantities.slice(1)) {
      for (let i = 0; i < this.count; i++) this.width[i] += this.total[more][i];
    }
    this.left = new Float64Array(this.count);
    const next = new Float64Array(this.count);
    for (let i = 1; i < this.count; i++) {
      const parent = this.parent[i];
      this.left[i] = next[parent];
      next[parent] += this.width[i];
      next[i] = this.left[i];
    }
  }

  // The inverted tree: functions on top of stacks first, then their callers. `rank` orders functions. Callers of
  // frames that are too narrow to see are left out, because the whole tree may have a million nodes. `path`, a list
  // of functions from the root, leads to the frame that fills the window, where narrower frames are visible.
  reversed(rank, path = []) {
    const weight = (node) => this.own.reduce((sum, column) => sum + column[node], 0);
    const whole = this.total.reduce((sum, column) => sum + column[0], 0);
    const depth = [];
    const fn = [];
    const own = this.own.map(() => []);
    // A frame is queued with its stacks, as pairs of the stack's end and the frame's caller there. `along` counts the
    // functions of `path` that led to the frame; -1: the frame is not on the path.
    const stacks = [];
    for (let i = 0; i < this.count; i++) if (weight(i) > 0) stacks.push(i, i);
    const waiting = [{fn: this.fn[0], stacks, level: 0, weight: whole, along: 0}];
    let inside = whole;
    while (waiting.length) {
      const frame = waiting.pop();
      depth.push(frame.level);
      fn.push(frame.fn);
      if (frame.along === path.length && frame.level === path.length) inside = frame.weight;
      const least = (frame.along === path.length ? inside : frame.along >= 0 ? 0 : whole) * FlameModel.LEAST;
      const callers = new Map();
      const sums = this.own.map(() => 0);
      for (let i = 0; i < frame.stacks.length; i += 2) {
        const leaf = frame.stacks[i];
        const caller = frame.stacks[i + 1];
        if (caller <= 0 || frame.weight < least) {
          this.own.forEach((column, q) => { sums[q] += column[leaf]; });
          continue;
        }
        const name = this.fn[caller];
        let group = callers.get(name);
        if (!group) {
          const led = frame.along === path.length ? path.length : frame.along >= 0 && name === path[frame.along] ? frame.along + 1 : -1;
          callers.set(name, group = {fn: name, stacks: [], level: frame.level + 1, weight: 0, along: led});
        }
        group.stacks.push(leaf, this.parent[caller]);
        group.weight += weight(leaf);
      }
      own.forEach((column, q) => column.push(sums[q]));
      waiting.push(...[...callers.values()].sort((a, b) => rank[b.fn] - rank[a.fn]));
    }
    return new FlameModel(depth, fn, own);
  }

  // The functions from below the root to a node, and the reverse.
  path(node) {
    const functions = [];
    for (let at = node; at > 0; at = this.parent[at]) functions.unshift(this.fn[at]);
    return functions;
  }

  follow(path) {
    return path.reduce((node, fn) => this.children(node).find((child) => this.fn[child] === fn), 0);
  }

  // The nodes whose function is in `wanted`, only the outermost of each stack, so that their widths can be added.
  outermost(wanted) {
    const nodes = [];
    for (let i = 0; i < this.count;) {
      if (wanted[this.fn[i]]) {
        nodes.push(i);
        i = this.end[i];
      } else {
        i++;
      }
    }
    return nodes;
  }

  children(node) {
    const found = [];
    for (let i = node + 1; i < this.end[node]; i = this.end[i]) found.push(i);
    return found;
  }

  // The node that is drawn in a row at a position, in units of width; -1 if there is none.
  at(row, point) {
    let node = 0;
    if (point < 0 || point >= this.width[0]) return -1;
    while (this.depth[node] < row) {
      const inside = this.children(node).find((child) =>
        point >= this.left[child] && point < this.left[child] + this.width[child]);
      if (inside === undefined) return -1;
      node = inside;
    }
    return node;
  }
}
