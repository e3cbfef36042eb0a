// A field's label above it, its hint and what is wrong with it below.
import { element } from "./element.js";
import { icon } from "./icon.js";
import { HINTS, LABELS } from "./wording.js";

export function labelled({ key: id, problem }, property, control, { hint = HINTS[property.key], end = null } = {}) {
  return element(
    "div",
    { class: "field" },
    element("div", { class: "field-head" }, element("label", { class: "field-label", for: id }, labelOf(property)), end),
    control,
    hint ? element("p", { class: "field-hint" }, hint) : null,
    problem ? element("p", { class: "field-error", role: "alert" }, icon("alert-circle"), problem) : null,
  );
}

export function labelOf(property) {
  return property.label ?? LABELS[property.key] ?? property.title;
}
