// Everything that can be said about the selected block or row, and about the mail as a whole: one field a property.
import { lay, partOf } from "./document.js";
import { element } from "./element.js";
import { field } from "./fields.js";
import { icon } from "./icon.js";
import { HIDDEN, SETTINGS, SHARED } from "./wording.js";

export class Inspector {
  /** @param context what fields need: schema, colors, values, layouts, choosePicture, write(id) */
  constructor({ block, style, store, canvas, labels, context }) {
    Object.assign(this, { block, style, store, labels, context });
    this.problems = {};
    store.addEventListener("select", () => this.drawPart());
    store.addEventListener("change", ({ detail }) => {
      if (detail.by === "inspector") return;
      // What is typed in the mail needs no new form, and a form must not vanish under its writer.
      if (detail.by !== "text") this.drawPart();
      if (detail.by === "history") this.drawStyle();
    });
    canvas.addEventListener("problem", ({ detail }) => this.tell(detail?.fields ?? {}));
    this.drawPart();
    this.drawStyle();
  }

  drawPart() {
    const id = this.store.selected;
    const part = id && partOf(this.store.document, id);
    const focused = this.block.contains(document.activeElement) && document.activeElement.closest("[data-property]")?.dataset.property;
    if (!part) this.block.replaceChildren(...this.nothing());
    else if (part.columns) this.block.replaceChildren(...this.rowFields(part));
    else this.block.replaceChildren(...this.blockFields(part));
    this.showProblems();
    if (focused) this.block.querySelector(`[data-property="${focused}"] :is(input, select, textarea, button)`)?.focus();
  }

  nothing() {
    return [
      element("div", { class: "inspector-empty" },
        icon("pointer", "icon-l"),
        element("p", {}, element("strong", {}, "Nothing is selected")),
        element("p", { class: "muted" }, "Press a part of the mail to change it. By keyboard: Tab to the mail, the arrow keys to choose, Enter to write, Alt and an arrow to move."),
      ),
    ];
  }

  blockFields(block) {
    const all = this.context.schema.properties(block.type);
    const own = all.filter(({ key }) => !HIDDEN.includes(key) && !SHARED.includes(key));
    const shared = SHARED.map((name) => all.find(({ key }) => key === name)).filter(Boolean);
    const make = (property) => this.fieldOf(property, block, block.id, (copy) => partOf(copy, block.id));
    return [
      this.head(this.labels[block.type] ?? block.type),
      ...own.map(make),
      element("details", { class: "inspector-more", open: Boolean(block.visible_if) },
        element("summary", {}, icon("chevron-right"), "Who sees it, and the room around"),
        ...shared.map(make),
      ),
    ];
  }

  rowFields(row) {
    const settings = this.context.schema.properties("RowSettings");
    const condition = this.context.schema.properties("Row").find(({ key }) => key === "visible_if");
    const set = (copy) => (partOf(copy, row.id).settings ??= {});
    return [
      this.head("Row"),
      this.layouts(row),
      this.fieldOf(condition, row, row.id, (copy) => partOf(copy, row.id)),
      ...settings.map((property) => this.fieldOf(property, row.settings ?? {}, `${row.id}.settings`, set)),
      ...row.columns.map((column, index) => this.columnFields(row, column, index)),
    ];
  }

  layouts(row) {
    const now = row.columns.map(({ width }) => width).join("-");
    const button = ([label, widths]) => {
      const picture = element("span", { class: "layout-picture", "aria-hidden": "true" }, ...widths.map((width) => {
        const bar = element("span");
        bar.style.flexGrow = width;
        return bar;
      }));
      return element("button", { type: "button", class: "layout", "aria-label": label, title: label, "aria-pressed": String(widths.join("-") === now), onclick: () => this.store.change(`${label}`, (copy) => lay(partOf(copy, row.id), widths)) }, picture);
    };
    return element("div", { class: "field" }, element("span", { class: "field-label" }, "Columns"), element("div", { class: "layouts", role: "group", "aria-label": "Columns" }, ...Object.values(this.context.layouts).map(button)));
  }

  columnFields(row, column, index) {
    const properties = this.context.schema.properties("Column").filter(({ key }) => ["background", "padding", "radius"].includes(key));
    const target = (copy) => partOf(copy, row.id).columns[index];
    return element("details", { class: "inspector-more" },
      element("summary", {}, icon("chevron-right"), row.columns.length > 1 ? `Column ${index + 1}` : "The column"),
      ...properties.map((property) => this.fieldOf({ ...property, label: property.key === "padding" ? "Room within" : undefined }, column, column.id, target)),
    );
  }

  drawStyle() {
    const properties = this.context.schema.properties("Settings");
    const groups = SETTINGS.map(([title, names]) =>
      element("section", { class: "inspector-group" }, element("h3", {}, title), ...names.map((name) =>
        this.fieldOf(properties.find(({ key }) => key === name), this.store.document.settings, "settings", (copy) => copy.settings),
      )),
    );
    this.style.replaceChildren(...groups);
  }

  fieldOf(property, values, path, target) {
    const name = property.label ?? property.key;
    return field(property, values[property.key], {
      ...this.context,
      write: () => this.context.write(this.store.selected),
      changed: (value, extra) =>
        this.store.change(`change of ${name.replaceAll("_", " ")}`, (copy) => {
          const part = target(copy);
          part[property.key] = value;
          if (extra?.alt && "alt" in part && !part.alt) part.alt = extra.alt;
        }, { merge: `${path}.${property.key}`, by: "inspector" }),
    });
  }

  head(title) {
    return element("h3", { class: "inspector-title" }, title);
  }

  /** Put what the server found wrong beside the fields that it is about. */
  tell(problems) {
    const before = JSON.stringify(this.problems);
    this.problems = problems;
    if (JSON.stringify(problems) === before) return;
    this.showProblems();
  }

  showProblems() {
    for (const panel of [this.block, this.style]) for (const made of panel.querySelectorAll(".field-error")) made.remove();
    for (const [path, sentence] of Object.entries(this.problems)) {
      const [id, property] = path.split(".");
      if (id !== this.store.selected && id !== "settings") continue;
      const panel = id === "settings" ? this.style : this.block;
      const told = element("p", { class: "field-error", role: "alert" }, icon("alert-circle"), sentence);
      if (property) panel.querySelector(`[data-property="${CSS.escape(property)}"]`)?.append(told);
      else panel.querySelector(".inspector-title")?.after(told);
    }
  }
}
