// What lies over the mail: a button around every block and beside every row, in reading order, and the tools of the
// one that is selected. The mail itself is only a picture, so everything is done to these.
import { find, gist, partOf, placesOf, whereabouts } from "./document.js";
import { element, iconButton } from "./element.js";
import { icon } from "./icon.js";

export class Frames {
  constructor(root, { store, canvas, deeds, labels }) {
    this.root = root;
    this.store = store;
    this.canvas = canvas;
    this.deeds = deeds;
    this.labels = labels;
    this.list = root.querySelector("[data-frames]");
    this.items = new Map();
    this.tools = element("div", { class: "frame-tools", role: "toolbar" });
    store.addEventListener("change", () => this.fill());
    store.addEventListener("select", (event) => this.choose(event.detail));
    canvas.addEventListener("layout", () => this.place());
    canvas.addEventListener("problem", ({ detail }) => this.warn(detail?.fields ?? {}));
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("click", (event) => {
      const item = event.target.closest("[data-id]");
      if (!item || event.target.closest(".frame-tools")) return;
      const isAgain = item.dataset.id === this.store.selected;
      this.store.select(item.dataset.id);
      if (isAgain && event.detail > 0) this.deeds.edit(item.dataset.id, { x: event.clientX, y: event.clientY });
    });
    // A click beside the mail lets go of what is selected.
    root.addEventListener("pointerdown", (event) => {
      if (!event.target.closest("[data-canvas-page]")) this.store.select(null);
    });
    this.fill();
  }

  /** One button for each row and block; those that were there stay, and keep the focus. */
  fill() {
    const active = document.activeElement;
    const wanted = [];
    for (const row of this.store.document.rows) {
      wanted.push(this.itemOf(row.id, "row"));
      for (const { row: of, block } of placesOf(this.store.document)) if (of === row) wanted.push(this.itemOf(block.id, "block"));
    }
    const ids = new Set(wanted.map((item) => item.dataset.id));
    for (const [id, item] of this.items) {
      if (ids.has(id)) continue;
      item.remove();
      this.items.delete(id);
    }
    for (const [index, item] of wanted.entries()) {
      if (this.list.children[index] !== item) this.list.insertBefore(item, this.list.children[index] ?? null);
      this.name(item);
    }
    // What is moved within the page loses the focus.
    if (this.list.contains(active) && document.activeElement !== active) active.focus({ preventScroll: true });
    this.rove();
    this.place();
  }

  itemOf(id, kind) {
    let item = this.items.get(id);
    if (!item) {
      item = element("li", { class: `frame is-${kind}`, "data-id": id }, element("button", { type: "button", class: "frame-button", tabindex: "-1" }));
      if (kind === "row") item.firstChild.append(icon("grip-vertical"));
      this.items.set(id, item);
    }
    return item;
  }

  name(item) {
    const { id } = item.dataset;
    const part = partOf(this.store.document, id);
    const where = whereabouts(this.store.document, id);
    const label = part.columns ? `Row, ${where}` : `${this.labels[part.type] ?? part.type}${gist(part) ? `: ${gist(part)}` : ""}, ${where}`;
    item.firstChild.setAttribute("aria-label", part.visible_if ? `${label}, shown to some only` : label);
    item.classList.toggle("is-conditional", Boolean(part.visible_if));
    item.dataset.kind = part.columns ? "Row" : (this.labels[part.type] ?? part.type);
  }

  choose({ focus = false, quiet = false } = {}) {
    const { selected } = this.store;
    for (const [id, item] of this.items) {
      item.classList.toggle("is-selected", id === selected);
      item.firstChild.setAttribute("aria-pressed", String(id === selected));
    }
    this.tools.remove();
    const item = selected && this.items.get(selected);
    if (item) {
      this.tools.replaceChildren(...this.toolsOf(selected));
      this.tools.setAttribute("aria-label", `Tools for the ${item.dataset.kind.toLowerCase()}`);
      item.append(this.tools);
      if (!quiet) this.reveal(item);
    }
    this.rove();
    if (focus && item) item.firstChild.focus({ preventScroll: true });
  }

  toolsOf(id) {
    const { deeds } = this;
    const { kind, block } = find(this.store.document, id);
    const canWrite = kind === "block" && deeds.canWrite(block);
    return [
      element("span", { class: "frame-grip", "data-grip": "", "aria-hidden": "true" }, icon("grip-vertical"), this.items.get(id).dataset.kind),
      canWrite ? iconButton("Write", icon("pencil"), () => deeds.edit(id)) : null,
      iconButton("Move up", icon("arrow-up"), () => deeds.step(id, -1)),
      iconButton("Move down", icon("arrow-down"), () => deeds.step(id, 1)),
      iconButton("Duplicate", icon("copy"), () => deeds.duplicate(id)),
      iconButton("Save for other campaigns", icon("bookmark"), () => deeds.keep(id)),
      iconButton("Delete", icon("trash"), () => deeds.remove(id)),
    ].filter(Boolean);
  }

  place() {
    for (const [id, item] of this.items) {
      const box = this.canvas.boxOf(id);
      // What the picture does not show yet, or never, is there for the keyboard all the same.
      item.classList.toggle("is-unplaced", !box);
      if (!box) continue;
      Object.assign(item.style, { left: `${box.left}px`, top: `${box.top}px`, width: `${box.width}px`, height: `${box.height}px` });
      // No room above for the tools: they stand inside.
      item.classList.toggle("is-first", box.top < 40);
      item.classList.toggle("is-flat", box.height < 24);
    }
  }

  /** Mark the parts that something is wrong with. */
  warn(problems) {
    const ids = new Set(Object.keys(problems).map((path) => path.split(".")[0]));
    for (const [id, item] of this.items) item.classList.toggle("has-problem", ids.has(id));
  }

  /** Tab stops once at the canvas: at what is selected, or at the first block. */
  rove() {
    const stop = this.items.get(this.store.selected) ?? this.list.querySelector(".is-block") ?? this.list.firstElementChild;
    for (const item of this.items.values()) item.firstChild.tabIndex = item === stop ? 0 : -1;
  }

  focus(id) {
    this.items.get(id)?.firstChild.focus({ preventScroll: true });
  }

  reveal(item) {
    const view = this.root.getBoundingClientRect();
    const box = item.getBoundingClientRect();
    if (box.top < view.top + 48) this.root.scrollTop += box.top - view.top - 56;
    else if (box.bottom > view.bottom - 8 && box.height < view.height - 64) this.root.scrollTop += box.bottom - view.bottom + 24;
  }

  key(event) {
    if (!event.target.matches(".frame-button")) return;
    const { id } = event.target.closest("[data-id]").dataset;
    const deed = this.deedOf(event, id);
    if (!deed) return;
    event.preventDefault();
    event.stopPropagation();
    deed();
  }

  deedOf({ key, altKey, ctrlKey, metaKey, shiftKey }, id) {
    const { deeds } = this;
    const direction = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -1, ArrowRight: 1 }[key];
    if (direction && altKey) return key.endsWith("Up") || key.endsWith("Down") ? () => deeds.step(id, direction) : () => deeds.sidestep(id, direction);
    if (direction && !ctrlKey && !metaKey && !shiftKey) return () => this.walk(id, direction);
    if (key === "Enter") return () => deeds.edit(id);
    if (key === " ") return () => this.store.select(id, { focus: true });
    if (key === "Delete" || key === "Backspace") return () => deeds.remove(id);
    if ((ctrlKey || metaKey) && key.toLowerCase() === "d") return () => deeds.duplicate(id);
    if (key === "Escape") return () => this.leave(id);
    if (key === "Home" || key === "End") return () => this.go(key === "Home" ? this.list.firstElementChild : this.list.lastElementChild);
    return null;
  }

  walk(id, direction) {
    const item = this.items.get(id);
    this.go(direction < 0 ? item.previousElementSibling : item.nextElementSibling);
  }

  go(item) {
    if (item?.dataset.id) this.store.select(item.dataset.id, { focus: true });
  }

  /** Escape goes outwards: from a block to its row, from a row to nothing. */
  leave(id) {
    const place = find(this.store.document, id);
    this.store.select(place.kind === "block" ? place.row.id : null, { focus: true });
  }
}
