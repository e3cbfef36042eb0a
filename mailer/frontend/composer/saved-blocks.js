// Blocks and rows that the workspace keeps for its other campaigns: listed in the palette, kept from a part's tools.
import { copyOf } from "./document.js";
import { element, iconButton } from "./element.js";
import { icon } from "./icon.js";

export class SavedBlocks {
  constructor({ list, dialog, url, request, add, drag, say }) {
    Object.assign(this, { list, dialog, url, request, add, say });
    this.saved = [];
    drag.from(list, (item) => {
      const saved = this.saved.find(({ id }) => id === item.dataset.offer);
      return { part: copyOf(saved.content), label: saved.name };
    });
    dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.keep(event.target.elements.name);
    });
    this.load();
  }

  async load() {
    this.saved = (await this.request(this.url)).blocks;
    this.draw();
  }

  draw() {
    this.list.replaceChildren(...this.saved.map((saved) => this.item(saved)));
    this.list.hidden = !this.saved.length;
    this.list.nextElementSibling.hidden = this.saved.length > 0;
  }

  item({ id, name, content }) {
    return element("li", { class: "saved-block", "data-offer": id },
      element("button", { type: "button", class: "palette-item is-wide", title: name, onclick: () => this.add(copyOf(content)) }, icon(content.columns ? "columns-2" : "bookmark"), element("span", { class: "ellipsis" }, name)),
      iconButton(`Forget “${name}”`, icon("x"), () => this.forget(id, name)),
    );
  }

  ask(part) {
    this.part = part;
    const input = this.dialog.querySelector("input[name=name]");
    input.value = "";
    this.problem("");
    this.dialog.showModal();
    input.focus();
  }

  async keep(input) {
    try {
      const kept = await this.request(this.url, { name: input.value, content: this.part });
      this.saved = [...this.saved, kept].sort((one, other) => one.name.localeCompare(other.name));
      this.draw();
      this.dialog.close();
      this.say(`Saved as “${kept.name}”. It stands in the palette.`);
    } catch (error) {
      this.problem(error.message);
    }
  }

  async forget(id, name) {
    await this.request(`${this.url}/${id}/delete`, {});
    this.saved = this.saved.filter((one) => one.id !== id);
    this.draw();
    this.say(`“${name}” is forgotten. Campaigns that it is in keep it.`);
  }

  problem(sentence) {
    const place = this.dialog.querySelector("[data-problem]");
    place.hidden = !sentence;
    place.textContent = sentence;
  }
}
