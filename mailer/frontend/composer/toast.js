// A word about what was just done, with the way back beside it; it stays until it is sent away or something else is done.
import { element, iconButton } from "./element.js";
import { icon } from "./icon.js";

export class Toast {
  /** @param undo takes the last deed back */
  constructor(place, undo) {
    Object.assign(this, { place, undo });
  }

  show(sentence) {
    this.hide();
    const back = element("button", { type: "button", class: "btn btn-s btn-link", onclick: () => this.undo() }, "Undo");
    // Screen readers have been told.
    this.shown = element("div", { class: "flash is-info", "aria-live": "off" }, icon("info-circle"), element("div", { class: "flash-text" }, sentence), back, iconButton("Dismiss", icon("x"), () => this.hide()));
    this.place.append(this.shown);
  }

  hide() {
    this.shown?.remove();
    this.shown = null;
  }
}
