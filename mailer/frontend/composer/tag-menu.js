// What differs from reader to reader, to be put where one writes: a menu of merge tags that can be searched.
import { element } from "./element.js";

export class TagMenu {
  /** @param groups `[{ label, tags: [{ label, tag, sample }] }]` */
  constructor(groups) {
    this.search = element("input", { class: "form-control", type: "text", placeholder: "Search", "aria-label": "Search merge tags", autocomplete: "off", oninput: () => this.draw() });
    this.results = element("div", {});
    this.menu = element("div", { class: "menu tag-menu", popover: "auto", role: "group", "aria-label": "Merge tags" }, this.search, this.results);
    this.groups = groups;
    document.body.append(this.menu);
    this.menu.addEventListener("keydown", (event) => this.walk(event));
  }

  open(button, take) {
    this.take = take;
    this.search.value = "";
    this.draw();
    this.menu.showPopover();
    const from = button.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.menu;
    const isBelow = from.bottom + height + 4 < innerHeight || from.top < height;
    this.menu.style.left = `${Math.max(4, Math.min(from.left, innerWidth - width - 4))}px`;
    this.menu.style.top = `${isBelow ? from.bottom + 4 : from.top - height - 4}px`;
    this.search.focus();
  }

  draw() {
    const sought = this.search.value.trim().toLowerCase();
    this.results.replaceChildren(
      ...this.groups.flatMap(({ label, tags }) => {
        const found = tags.filter((one) => `${one.label} ${one.tag}`.toLowerCase().includes(sought));
        return found.length ? [element("div", { class: "menu-heading" }, label), ...found.map((one) => this.item(one))] : [];
      }),
    );
    if (!this.results.children.length) this.results.append(element("p", { class: "menu-heading" }, "There is no such tag."));
  }

  item({ label, tag }) {
    return element("button", { type: "button", class: "menu-item", title: tag, onclick: () => {
      this.menu.hidePopover();
      this.take(tag);
    } }, label);
  }

  walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const stops = [this.search, ...this.results.querySelectorAll("button")];
    stops[(stops.indexOf(document.activeElement) + step + stops.length) % stops.length].focus();
  }
}
