// The library of pictures in a dialog: search, choose, upload from here.
import { element } from "./element.js";
import { Refused, requester } from "./request.js";

const QUIET_MS = 200;

export class PictureChooser {
  /** @param dialog the one of `composing/pictures.html`, which says where the library is */
  constructor(dialog) {
    const { library: url, csrf: csrfToken } = dialog.querySelector("[data-library]").dataset;
    Object.assign(this, { dialog, url, csrfToken, request: requester(csrfToken) });
    this.search = dialog.querySelector("input[type=search]");
    this.file = dialog.querySelector("input[type=file]");
    this.state = dialog.querySelector("[data-state]");
    this.results = dialog.querySelector("[data-pictures]");
    this.search.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.load(), QUIET_MS);
    });
    this.file.addEventListener("change", () => this.file.files.length && this.bring(this.file.files[0]));
  }

  /** Let one be chosen; `take({ src, alt, width })` gets it. */
  ask(take) {
    this.take = take;
    this.search.value = this.state.textContent = "";
    this.dialog.showModal();
    this.load();
  }

  async load() {
    const found = await this.request(`${this.url}?q=${encodeURIComponent(this.search.value)}`);
    this.results.replaceChildren(...found.media.map((one) => this.item(one)));
    if (!found.media.length) this.results.append(element("p", { class: "muted" }, this.search.value ? "No picture is called that." : "The library is empty: upload the first picture."));
  }

  item(picture) {
    const { thumbnail, alt, name } = picture;
    return element("button", { type: "button", class: "picture-choice", title: name, onclick: () => this.choose(picture) },
      element("img", { src: thumbnail, alt: "", loading: "lazy" }),
      element("span", { class: "ellipsis" }, alt || name),
    );
  }

  choose({ url, alt, width }) {
    this.dialog.close();
    this.take({ src: url, alt, width });
  }

  async bring(file) {
    this.state.textContent = `Uploading ${file.name}…`;
    try {
      this.choose(await this.upload(file));
    } catch (error) {
      this.state.textContent = error.message;
    }
    this.file.value = "";
  }

  /** Resolves to the uploaded picture, as the library tells of it. */
  async upload(file) {
    const body = new FormData();
    body.set("csrf_token", this.csrfToken);
    body.set("file", file, file.name || "pasted.png");
    const answer = await fetch(this.url, { method: "POST", headers: { Accept: "application/json" }, body });
    if (answer.status === 413) throw new Refused("This picture is too large.");
    const said = await answer.json();
    if (!answer.ok) throw new Refused(said.message);
    return said;
  }
}
