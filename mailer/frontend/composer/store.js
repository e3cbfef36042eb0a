// The document being written, what is selected in it, and every state that it was in.
import { find } from "./document.js";

const MOST_STATES = 200;
//: Letters typed in a row are one step of undoing.
const SAME_STEP_MS = 1200;

export class Store extends EventTarget {
  constructor(document) {
    super();
    this.document = document;
    this.selected = null;
    this.past = [];
    this.future = [];
    this.last = { merge: null, at: 0 };
  }

  /**
   * Change a copy of the document and keep what was before.
   * @param words what was done, as undoing tells it
   * @param recipe changes the copy; returning false means that nothing changed
   * @param select the id that is selected afterwards
   * @param merge changes of the same name that follow one another are one step
   * @param by who changed it, so that a form does not answer its own changes
   */
  change(words, recipe, { select, merge = null, by = null } = {}) {
    const copy = structuredClone(this.document);
    if (recipe(copy) === false) return false;
    const isSameStep = merge && merge === this.last.merge && Date.now() - this.last.at < SAME_STEP_MS;
    if (!isSameStep) {
      this.past.push({ document: this.document, selected: this.selected, words });
      this.past.splice(0, this.past.length - MOST_STATES);
    }
    this.future = [];
    this.last = { merge, at: Date.now() };
    this.document = copy;
    if (select !== undefined) this.selected = select;
    this.settle(by, select !== undefined);
    return true;
  }

  undo() {
    return this.travel(this.past, this.future);
  }

  redo() {
    return this.travel(this.future, this.past);
  }

  select(id, options = {}) {
    if (id === this.selected && !options.again) return;
    this.selected = id;
    this.tell("select", options);
  }

  /** Another document altogether, such as somebody else's; it can be undone. */
  replace(words, document) {
    this.change(words, (copy) => {
      for (const key of Object.keys(copy)) delete copy[key];
      Object.assign(copy, structuredClone(document));
    });
  }

  travel(from, to) {
    const state = from.pop();
    if (!state) return null;
    to.push({ document: this.document, selected: this.selected, words: state.words });
    this.document = state.document;
    this.selected = state.selected;
    this.last = { merge: null, at: 0 };
    this.settle("history", true);
    return state.words;
  }

  settle(by, isSelectionNew) {
    if (this.selected && !find(this.document, this.selected)) this.selected = null;
    this.tell("change", { by });
    if (isSelectionNew) this.tell("select", { by });
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
