// A list of any length. Only visible rows are in the document.

import { postpone } from './ui.js';

export class List {
  // `row()` makes an empty row, and `fill(row, item, index)` fills the row. Each item has a unique
  // `seq`. With `growsOnTop`, new items are added on top, and a list that is scrolled down keeps
  // the same rows in view.
  constructor(root, { height, row, fill, choose, open, opensOnClick = false, growsOnTop = false }) {
    Object.assign(this, { root, height, row, fill, choose, open, opensOnClick, growsOnTop });
    this.items = [];
    this.chosen = null;
    this.rows = new Map();
    this.spare = [];
    this.space = document.createElement('div');
    this.space.className = 'space';
    this.space.setAttribute('role', 'presentation');
    root.setAttribute('role', 'listbox');
    root.tabIndex = 0;
    root.append(this.space);
    root.addEventListener('scroll', () => this.later(), { passive: true });
    root.addEventListener('click', (event) => this.#click(event));
    root.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.later()).observe(root);
  }

  later() {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => { this.due = false; this.draw(); });
  }

  show(items) {
    if (this.growsOnTop && this.root.scrollTop > 0 && this.items.length) {
      const newest = this.items[0].seq;
      const grown = items.findIndex((item) => item.seq <= newest);
      if (grown > 0) this.shift = grown * this.height;
    }
    this.items = items;
    this.draw();
  }

  // Draws all rows again, for example after the language changed.
  redraw() {
    for (const row of this.rows.values()) row.item = null;
    this.draw();
  }

  draw() {
    if (postpone(this.space, () => this.draw())) return;
    const { root, items, height, rows } = this;
    root.hidden = !items.length;
    const whole = `${items.length * height}px`;
    if (this.space.style.height !== whole) {
      this.space.style.height = whole;
      root.style.setProperty('--whole', whole);
    }
    if (this.shift) { root.scrollTop += this.shift; this.shift = 0; }
    const first = Math.max(0, Math.floor(root.scrollTop / height) - 4);
    const last = Math.min(items.length, Math.ceil((root.scrollTop + root.clientHeight) / height) + 4);
    const wanted = new Set();
    for (let at = first; at < last; at += 1) wanted.add(items[at].seq);
    for (const [seq, row] of rows) {
      if (wanted.has(seq)) continue;
      rows.delete(seq);
      row.element.remove();
      this.spare.push(row);
    }
    // The order in the document is the order on the screen, for screen readers.
    let before = null;
    for (let at = first; at < last; at += 1) {
      const element = this.#place(items[at], at);
      if (element.previousSibling !== before || !element.parentNode) {
        this.space.insertBefore(element, before ? before.nextSibling : this.space.firstChild);
      }
      before = element;
    }
    const active = rows.get(this.chosen);
    if (active) root.setAttribute('aria-activedescendant', active.element.id);
    else root.removeAttribute('aria-activedescendant');
  }

  #place(item, at) {
    let row = this.rows.get(item.seq);
    if (!row) {
      row = this.spare.pop() ?? this.#made();
      row.element.id = `${this.root.id}-${item.seq}`;
      row.item = null;
      this.rows.set(item.seq, row);
    }
    if (row.at !== at || row.item !== item) {
      this.fill(row.element, item, at);
      row.element.setAttribute('aria-posinset', at + 1);
    }
    if (row.at !== at) row.element.style.transform = `translateY(${at * this.height}px)`;
    if (row.of !== this.items.length) row.element.setAttribute('aria-setsize', this.items.length);
    const chosen = item.seq === this.chosen;
    if (row.chosen !== chosen) row.element.setAttribute('aria-selected', chosen);
    Object.assign(row, { at, item, chosen, of: this.items.length });
    return row.element;
  }

  #made() {
    const element = this.row();
    element.setAttribute('role', 'option');
    return { element };
  }

  #select(item) {
    this.chosen = item.seq;
    this.choose?.(item);
    this.draw();
  }

  #click(event) {
    const option = event.target.closest('[role=option]');
    const found = option && [...this.rows.values()].find((row) => row.element === option);
    if (!found) return;
    this.#select(found.item);
    if (this.opensOnClick) this.open?.(found.item);
  }

  #key(event) {
    const { items, height, root } = this;
    if (!items.length || event.ctrlKey || event.metaKey || event.altKey) return;
    const now = items.findIndex((item) => item.seq === this.chosen);
    if (event.key === 'Enter' && now >= 0) {
      event.preventDefault();
      this.open?.(items[now]);
      return;
    }
    const page = Math.max(1, Math.floor(root.clientHeight / height) - 1);
    const step = { ArrowDown: now + 1, ArrowUp: now < 0 ? 0 : now - 1, PageDown: now + page, PageUp: now - page, Home: 0, End: items.length - 1 };
    if (!(event.key in step)) return;
    event.preventDefault();
    const at = Math.min(items.length - 1, Math.max(0, step[event.key]));
    const top = at * height;
    if (top < root.scrollTop) root.scrollTop = top;
    else if (top + height > root.scrollTop + root.clientHeight) root.scrollTop = top + height - root.clientHeight;
    this.#select(items[at]);
  }
}
