// A tree of functions in pre-order, as columns. `own` holds one column of figures a quantity: what
// each node took by itself; `total` what it took with all that it called.
class FlameModel {
  constructor(depth, fn, own) {
    const count = depth.length;
    this.count = count;
    this.depth = depth;
    this.fn = fn;
    this.own = own;
    this.parent = new Int32Array(count);
    // Where each node's subtree ends.
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

  // Widths are those of one quantity or the sum of several. Children stand side by side on their
  // parent, from its left.
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

  // Bottom up: what was on top of the stacks first, then who called it. `rank` orders functions.
  reversed(rank) {
    const root = {fn: this.fn[0], own: this.own.map(() => 0), children: new Map()};
    for (let i = 0; i < this.count; i++) {
      if (!this.own.some((column) => column[i] > 0)) continue;
      let at = root;
      for (let node = i; node > 0; node = this.parent[node]) {
        let child = at.children.get(this.fn[node]);
        if (!child) {
          child = {fn: this.fn[node], own: this.own.map(() => 0), children: new Map()};
          at.children.set(this.fn[node], child);
        }
        at = child;
      }
      this.own.forEach((column, q) => { at.own[q] += column[i]; });
    }
    const depth = [];
    const fn = [];
    const own = this.own.map(() => []);
    const waiting = [[root, 0]];
    while (waiting.length) {
      const [node, level] = waiting.pop();
      depth.push(level);
      fn.push(node.fn);
      node.own.forEach((value, q) => own[q].push(value));
      const children = [...node.children.values()].sort((a, b) => rank[b.fn] - rank[a.fn]);
      for (const child of children) waiting.push([child, level + 1]);
    }
    return new FlameModel(depth, fn, own);
  }

  // The nodes whose function `wanted` says, only the outermost of each stack: their widths sum.
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

  // The node that is drawn in a row over a point, in units of width; -1 where there is none.
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
