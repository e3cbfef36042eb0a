// The media library in a dialog: search, choose, upload. It is there when the page says where the library is.
import { element } from "./element.js";

const QUIET_MS = 200;

export class PictureChooser {
  constructor({ dialog, url, request }) {
    Object.assign(this, { dialog, url, request });
    this.search = dialog.querySelector("input[type=search]");
    this.results = dialog.querySelector("[data-pictures]");
    this.search.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.load(), QUIET_MS);
    });
  }

  /** Let one be chosen; `take({ src, alt })` gets it. */
  ask(take) {
    this.take = take;
    this.dialog.showModal();
    this.load();
  }

  async load() {
    const found = await this.request(`${this.url}?q=${encodeURIComponent(this.search.value)}`);
    this.results.replaceChildren(...found.media.map((one) => this.item(one)));
    if (!found.media.length) this.results.append(element("p", { class: "muted" }, "There is no such picture in the library."));
  }

  item({ url, thumbnail, alt, name }) {
    return element("button", { type: "button", class: "picture-choice", title: name, onclick: () => {
      this.dialog.close();
      this.take({ src: url, alt });
    } }, element("img", { src: thumbnail ?? url, alt: alt || name, loading: "lazy" }), element("span", { class: "ellipsis" }, name));
  }
}
