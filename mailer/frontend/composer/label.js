// A field's label above it, its hint below.
import { element } from "./element.js";
import { HINTS, LABELS } from "./wording.js";

export function labelled({ key: id }, property, control, { hint = HINTS[property.key], end = null } = {}) {
  return element(
    "div",
    { class: "field" },
    element("div", { class: "field-head" }, element("label", { class: "field-label", for: id }, labelOf(property)), end),
    control,
    hint ? element("p", { class: "field-hint" }, hint) : null,
  );
}

export function labelOf(property) {
  return property.label ?? LABELS[property.key] ?? property.title;
}
