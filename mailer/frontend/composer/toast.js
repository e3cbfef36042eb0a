// A word about what was just done, with the way back beside it; it leaves by itself unless somebody is at it.
import { element, iconButton } from "./element.js";
import { icon } from "./icon.js";

const STAY_MS = 6000;

export class Toast {
  /** @param undo takes the last deed back */
  constructor(place, undo) {
    Object.assign(this, { place, undo });
  }

  show(sentence) {
    this.hide();
    const back = element("button", { type: "button", class: "btn-link", onclick: () => {
      this.hide();
      this.undo();
    } }, "Undo");
    // Screen readers have been told.
    this.shown = element("div", { class: "flash is-info", "aria-live": "off" }, icon("info-circle"), element("div", { class: "flash-text" }, sentence), back, iconButton("Dismiss", icon("x"), () => this.hide()));
    for (const name of ["mouseenter", "focusin"]) this.shown.addEventListener(name, () => clearTimeout(this.timer));
    for (const name of ["mouseleave", "focusout"]) this.shown.addEventListener(name, () => this.wait());
    this.place.append(this.shown);
    this.wait();
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.hide(), STAY_MS);
  }

  hide() {
    clearTimeout(this.timer);
    this.shown?.remove();
    this.shown = null;
  }
}
