// Dragging by mouse, pen or finger: from the palette onto the mail, and within it. SortableJS carries (when a drag
// begins, long presses, scrolling at the edges); where a part would land is read off the picture, not off the list.
import Sortable from "sortablejs";

import { find, partOf } from "./document.js";
import { element } from "./element.js";

const ROW_EDGE = 9;

const carrying = {
  sort: false,
  forceFallback: true,
  fallbackOnBody: true,
  fallbackTolerance: 4,
  delay: 220,
  delayOnTouchOnly: true,
  touchStartThreshold: 6,
  forceAutoScrollFallback: true,
  scrollSensitivity: 40,
  scrollSpeed: 12,
  bubbleScroll: false,
};

export class Drag {
  constructor({ root, store, canvas, drop }) {
    this.root = root;
    this.page = root.querySelector("[data-canvas-page]");
    this.store = store;
    this.canvas = canvas;
    this.drop = drop;
    this.line = element("div", { class: "drop-line", hidden: true });
    this.chip = element("div", { class: "drag-chip", hidden: true });
    this.page.append(this.line);
    document.body.append(this.chip);
    this.follow = (event) => this.over(event);
    const frames = root.querySelector("[data-frames]");
    new Sortable(frames, {
      ...carrying,
      group: { name: "frames", pull: false, put: false },
      draggable: ".frame",
      filter: ".frame-tools .btn",
      preventOnFilter: false,
      scroll: root,
      onStart: ({ item }) => this.begin({ id: item.dataset.id, label: item.dataset.kind }),
      onEnd: () => this.end(),
    });
  }

  /** Let what a list offers be dragged; `partFor(item)` says what that is: `{ part, label }`. */
  from(list, partFor) {
    new Sortable(list, {
      ...carrying,
      group: { name: "palette", pull: "clone", put: false },
      draggable: "[data-offer]",
      scroll: this.root,
      onStart: ({ item }) => this.begin(partFor(item)),
      onEnd: () => this.end(),
    });
  }

  begin(load) {
    this.load = load;
    const part = load.part ?? partOf(this.store.document, load.id);
    this.isRow = Boolean(part.columns);
    this.slot = null;
    this.chip.textContent = load.label;
    this.root.classList.add("is-dragging");
    for (const name of ["pointermove", "touchmove"]) document.addEventListener(name, this.follow, { passive: true });
  }

  end() {
    for (const name of ["pointermove", "touchmove"]) document.removeEventListener(name, this.follow);
    this.root.classList.remove("is-dragging");
    this.line.hidden = this.chip.hidden = true;
    const { load, slot } = this;
    this.load = this.slot = null;
    if (load && slot) this.drop(load, slot.place);
  }

  over(event) {
    const { clientX, clientY } = event.touches?.[0] ?? event;
    this.chip.hidden = false;
    Object.assign(this.chip.style, { left: `${clientX + 14}px`, top: `${clientY + 12}px` });
    const view = this.root.getBoundingClientRect();
    const isOver = clientX > view.left && clientX < view.right && clientY > view.top && clientY < view.bottom;
    const page = this.page.getBoundingClientRect();
    this.slot = isOver ? this.slotAt(clientX - page.left, clientY - page.top) : null;
    this.line.hidden = !this.slot;
    if (!this.slot) return;
    const { left, top, width, height = 0 } = this.slot;
    this.line.classList.toggle("is-box", height > 0);
    Object.assign(this.line.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: height ? `${height}px` : "" });
  }

  /** The place nearest to a point of the mail. */
  slotAt(x, y) {
    const rows = this.store.document.rows
      .map((row, index) => ({ row, index, box: this.canvas.boxOf(row.id) }))
      .filter(({ box }) => box);
    const inside = rows.find(({ box }) => y >= box.top && y <= box.top + box.height);
    const edge = inside && Math.min(y - inside.box.top, inside.box.top + inside.box.height - y);
    if (!this.isRow && inside && edge > Math.min(ROW_EDGE, inside.box.height / 5)) return this.slotIn(inside.row, x, y);
    return nearest(this.slotsBetween(rows), y);
  }

  slotsBetween(rows) {
    if (!rows.length) return [{ left: 0, top: 24, width: this.page.clientWidth, height: 96, place: { rowIndex: 0 } }];
    const across = ({ box }, top, rowIndex) => ({ left: box.left, width: box.width, top, place: { rowIndex } });
    const last = rows.at(-1);
    return [...rows.map((one) => across(one, one.box.top, one.index)), across(last, last.box.top + last.box.height, last.index + 1)];
  }

  slotIn(row, x, y) {
    const columns = row.columns.map((column) => ({ column, box: this.canvas.boxOf(column.id) })).filter(({ box }) => box);
    const off = ({ box }) => Math.max(box.left - x, x - box.left - box.width, 0) + Math.max(box.top - y, y - box.top - box.height, 0);
    const [{ column, box }] = columns.sort((one, other) => off(one) - off(other));
    const blocks = column.blocks.map((block) => this.canvas.boxOf(block.id));
    if (!blocks.length) return { ...box, place: { column: column.id, index: 0 } };
    const slots = blocks.flatMap((each, index) => (each ? [{ ...across(box), top: each.top, place: { column: column.id, index } }] : []));
    const last = blocks.at(-1);
    if (last) slots.push({ ...across(box), top: last.top + last.height, place: { column: column.id, index: blocks.length } });
    return nearest(slots, y);
  }

  /** Whether dropping a part here would change anything. */
  isElsewhere(id, place) {
    const from = find(this.store.document, id);
    if (from.kind === "row") return place.rowIndex !== from.rowIndex && place.rowIndex !== from.rowIndex + 1;
    return place.column !== from.column.id || (place.index !== from.index && place.index !== from.index + 1);
  }
}

function across({ left, width }) {
  return { left, width };
}

function nearest(slots, y) {
  const off = ({ top, height = 0 }) => Math.abs(top + height / 2 - y);
  return slots.reduce((best, slot) => (off(slot) < off(best) ? slot : best));
}
