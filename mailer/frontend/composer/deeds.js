// What can be done to a design, each as one step that can be undone, and told to those who cannot see it.
import { carry, copyOf, find, insert, partOf, placeAfter, sidestep, step, take, whereabouts } from "./document.js";

const WRITTEN = { text: "html", quote: "html", footer: "html", heading: "text", button: "label" };

export class Deeds {
  /**
   * @param say tells a sentence to screen readers
   * @param labels block types as people call them
   * @param openWriter opens the writing in place: (id, property, point)
   * @param keepPart saves a block or row for other campaigns
   * @param offerUndo shows a sentence with a way back
   */
  constructor({ store, say, labels, openWriter, keepPart, offerUndo }) {
    Object.assign(this, { store, say, labels, openWriter, keepPart, offerUndo });
  }

  nameOf(part) {
    return part.columns ? "Row" : (this.labels[part.type] ?? part.type);
  }

  /** Put something new where it was dropped, or below what is selected. */
  add(part, place = placeAfter(this.store.document, this.store.selected)) {
    const name = this.nameOf(part);
    this.store.change(`${name} added`, (copy) => insert(copy, part, place), { select: part.id });
    this.tell(part.id, `${name} added`);
    return part.id;
  }

  carry(id, place) {
    const name = this.nameOf(partOf(this.store.document, id));
    this.store.change(`${name} moved`, (copy) => carry(copy, id, place), { select: id });
    this.tell(id, `${name} moved`);
  }

  step(id, direction) {
    const name = this.nameOf(partOf(this.store.document, id));
    const isMoved = this.store.change(`${name} moved`, (copy) => step(copy, id, direction), { select: id });
    if (isMoved) this.tell(id, `${name} moved`);
    else this.say(`It is ${direction < 0 ? "the first" : "the last"} already.`);
  }

  sidestep(id, direction) {
    const name = this.nameOf(partOf(this.store.document, id));
    const isMoved = this.store.change(`${name} moved`, (copy) => sidestep(copy, id, direction), { select: id });
    if (isMoved) this.tell(id, `${name} moved`);
    else this.say("There is no column on that side.");
  }

  duplicate(id) {
    const copied = copyOf(partOf(this.store.document, id));
    const place = find(this.store.document, id);
    const below = place.kind === "row" ? { rowIndex: place.rowIndex + 1 } : { column: place.column.id, index: place.index + 1 };
    this.store.change(`${this.nameOf(copied)} duplicated`, (copy) => insert(copy, copied, below), { select: copied.id });
    this.tell(copied.id, `${this.nameOf(copied)} duplicated`);
  }

  remove(id) {
    const name = this.nameOf(partOf(this.store.document, id));
    const next = this.neighbourOf(id);
    this.store.change(`${name} deleted`, (copy) => void take(copy, id), { select: next });
    this.store.select(next, { focus: true, again: true });
    this.say(`${name} deleted. Undo brings it back.`);
    this.offerUndo(`${name} deleted.`);
  }

  keep(id) {
    this.keepPart(partOf(this.store.document, id));
  }

  /** Whether a block's words can be written in place. */
  canWrite(block) {
    return block.type in WRITTEN;
  }

  edit(id, point) {
    const { kind, block } = find(this.store.document, id);
    this.store.select(id, { focus: !point });
    if (kind === "block" && this.canWrite(block)) this.openWriter(id, WRITTEN[block.type], point);
    else document.querySelector("[data-inspector] [data-property] :is(input:not([type=color]), select, textarea, button)")?.focus();
  }

  undo() {
    const words = this.store.undo();
    this.say(words ? `Undone: ${words}.` : "There is nothing to undo.");
  }

  redo() {
    const words = this.store.redo();
    this.say(words ? `Done again: ${words}.` : "There is nothing to do again.");
  }

  tell(id, deed) {
    this.say(`${deed}: ${whereabouts(this.store.document, id)}.`);
  }

  /** What is selected once a part is gone: the one below it, or the one above. */
  neighbourOf(id) {
    const place = find(this.store.document, id);
    if (place.kind === "row") return (this.store.document.rows[place.rowIndex + 1] ?? this.store.document.rows[place.rowIndex - 1])?.id ?? null;
    const { blocks } = place.column;
    return (blocks[place.index + 1] ?? blocks[place.index - 1])?.id ?? null;
  }
}
