// Who gets to see a block: everybody, readers of whom something is so, or whatever a condition says that was written by hand.
import { element } from "./element.js";
import { labelled } from "./label.js";

const TESTS = {
  "==": "is",
  "!=": "is not",
  set: "is known",
  unset: "is not known",
};
const COMPARISON = /^([a-z_.0-9]+) (==|!=) '([^'\\]*)'$/i;
const KNOWN = /^(not )?([a-z_.0-9]+)$/i;

/** What a condition says, as far as the fields can say it. */
export function reading(condition) {
  const compared = COMPARISON.exec(condition);
  if (compared) return { name: compared[1], test: compared[2], value: compared[3] };
  const known = KNOWN.exec(condition);
  if (known && known[2] !== "not") return { name: known[2], test: known[1] ? "unset" : "set", value: "" };
  return null;
}

export function written({ name, test, value }) {
  if (test === "set") return name;
  if (test === "unset") return `not ${name}`;
  return `${name} ${test} '${value.replaceAll(/['\\]/g, "")}'`;
}

export function conditionField(property, value, context) {
  const condition = value ?? "";
  const told = reading(condition);
  const isKnown = told && context.values.some(({ name }) => name === told.name);
  const kind = element("select", { id: context.key, class: "form-select", onchange: () => draw(kind.value) },
    element("option", { value: "everybody" }, "Everybody"),
    element("option", { value: "some" }, "Only readers whose …"),
    element("option", { value: "hand" }, "A condition written by hand"),
  );
  const rest = element("div", { class: "condition" });

  const draw = (chosen, now = { name: context.values[0]?.name, test: "set", value: "" }) => {
    kind.value = chosen;
    if (chosen === "everybody") rest.replaceChildren();
    if (chosen === "some") rest.replaceChildren(...some(now));
    if (chosen === "hand") rest.replaceChildren(hand());
    if (chosen === "everybody" && context.isReady) context.changed("");
    if (chosen === "some" && context.isReady) context.changed(written(now));
  };
  const some = (now) => {
    const name = element("select", { class: "form-select", "aria-label": "What is looked at", onchange: () => tell() }, ...context.values.map((one) => element("option", { value: one.name }, one.label)));
    const test = element("select", { class: "form-select", "aria-label": "How it is compared", onchange: () => tell() }, ...Object.entries(TESTS).map(([key, words]) => element("option", { value: key }, words)));
    const compared = element("input", { class: "form-control", type: "text", "aria-label": "Compared with", value: now.value, autocomplete: "off", oninput: () => tell() });
    const tell = () => {
      compared.hidden = test.value === "set" || test.value === "unset";
      context.changed(written({ name: name.value, test: test.value, value: compared.value }));
    };
    name.value = now.name;
    test.value = now.test;
    compared.hidden = now.test === "set" || now.test === "unset";
    return [name, test, compared];
  };
  const hand = () => {
    const input = element("input", { class: "form-control is-code", type: "text", "aria-label": "Condition", value: condition, placeholder: "subscriber.fields.city == 'Berlin'", maxlength: property.maxLength, autocomplete: "off", spellcheck: "false", oninput: () => context.changed(input.value) });
    return input;
  };
  if (!condition) draw("everybody");
  else if (isKnown) draw("some", told);
  else draw("hand");
  context.isReady = true;
  return labelled(context, property, element("div", { class: "stack is-tight" }, kind, rest));
}
