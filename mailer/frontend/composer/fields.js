// One field of the inspector for one property of the schema. `field(property, value, { changed, … })` returns an element
// that calls `changed(value)` with what was chosen.
import { element, iconButton } from "./element.js";
import { conditionField } from "./condition.js";
import { icon } from "./icon.js";
import { labelled, labelOf } from "./label.js";
import { CHOICES, COLORS, FONTS, NETWORKS } from "./wording.js";

const LONG_TEXT = 5_000;
const CODE = 200_000;
const HEX = /^#[0-9a-f]{6}$/i;

let count = 0;

export function field(property, value, context) {
  const key = `f${(count += 1)}`;
  const made = controlFor(property)(property, value ?? property.default ?? null, { ...context, key });
  made.dataset.property = property.key;
  return made;
}

function controlFor(property) {
  const { key, type } = property;
  if (key === "visible_if") return conditionField;
  if (property.of === "Padding") return padding;
  if (type === "boolean") return toggle;
  if (type === "array") return entries;
  if (CHOICES[key] && property.enum) return choices;
  if (key === "font" || key === "heading_font" || key === "network") return select;
  if (/color$|^background$/.test(key)) return color;
  if (type === "integer" || type === "number") return slider;
  if (["src", "poster", "image", "background_image"].includes(key)) return picture;
  if (property.format === "date") return date;
  if (property.maxLength === LONG_TEXT) return lines;
  if (property.maxLength === CODE) return code;
  if (key === "html") return inPlace;
  return line;
}

function line(property, value, context) {
  const isLink = property.key === "href";
  const input = element("input", {
    id: context.key,
    class: "form-control",
    type: "text",
    value: value ?? "",
    inputmode: isLink ? "url" : undefined,
    placeholder: isLink ? "https://" : undefined,
    autocomplete: "off",
    maxlength: property.maxLength,
    "data-takes-tags": true,
    oninput: () => context.changed(input.value),
  });
  return labelled(context, property, input);
}

function lines(property, value, context) {
  const input = element("textarea", { id: context.key, class: "form-control", rows: 3, maxlength: property.maxLength, "data-takes-tags": true, oninput: () => context.changed(input.value) });
  input.value = value ?? "";
  return labelled(context, property, input);
}

function code(property, value, context) {
  const input = element("textarea", { id: context.key, name: "code", class: "form-control is-code", "data-editor": "html", rows: 10, spellcheck: "false", oninput: () => context.changed(input.value) });
  input.value = value ?? "";
  const made = labelled(context, property, input);
  import("../js/code-editor.js").then(({ openEditor }) => input.isConnected && openEditor(input));
  return made;
}

function inPlace(property, value, context) {
  return element("div", { class: "field" }, element("button", { type: "button", class: "btn btn-block", onclick: () => context.write() }, icon("pencil"), "Write in the mail"));
}

function date(property, value, context) {
  const input = element("input", { id: context.key, class: "form-control", type: "date", value: value ?? "", oninput: () => context.changed(input.value || null) });
  return labelled(context, property, input);
}

function toggle(property, value, context) {
  const input = element("input", { id: context.key, class: "form-check-input", type: "checkbox", checked: Boolean(value), onchange: () => context.changed(input.checked) });
  return element("div", { class: "field" }, element("div", { class: "check" }, input, element("label", { class: "check-label", for: context.key }, labelOf(property))));
}

function select(property, value, context) {
  const words = property.key === "network" ? NETWORKS : FONTS;
  const input = element("select", { id: context.key, class: "form-select", onchange: () => context.changed(input.value || null) });
  if (property.isOptional) input.append(element("option", { value: "" }, "As the brand has it"));
  for (const [key, label] of Object.entries(words)) input.append(element("option", { value: key }, label));
  input.value = value ?? "";
  return labelled(context, property, input);
}

/** A few alternatives side by side. */
function choices(property, value, context) {
  const named = property.enum.includes("middle") ? CHOICES.rowAlign : CHOICES[property.key];
  const all = property.isOptional ? ["", ...property.enum] : property.enum;
  const name = `${context.key}-choice`;
  const options = all.map((one) => {
    const [picture, words] = named[one];
    const input = element("input", { type: "radio", class: "visually-hidden", name, value: String(one), checked: one === (value ?? ""), onchange: () => context.changed(one === "" ? null : one) });
    return element("label", { class: "segment", title: words }, input, picture ? icon(picture) : words, picture ? element("span", { class: "visually-hidden" }, words) : null);
  });
  return element("fieldset", { class: "field" }, element("legend", { class: "field-label" }, labelOf(property)), element("div", { class: "segments is-even" }, ...options));
}

function slider(property, value, context) {
  const { minimum = 0, maximum = 120, type } = property;
  const limits = { min: minimum, max: maximum, step: type === "number" ? 0.1 : 1 };
  const begin = value ?? "";
  const range = element("input", { class: "form-range", type: "range", ...limits, value: begin === "" ? Math.min(maximum, Math.max(minimum, 16)) : begin, "aria-label": labelOf(property), oninput: () => set(range.value, number) });
  const number = element("input", { id: context.key, class: "form-control is-short num", type: "number", ...limits, value: begin, placeholder: property.isOptional ? "auto" : undefined, oninput: () => set(number.value, range) });
  const set = (text, other) => {
    if (text === "" && property.isOptional) return context.changed(null);
    const chosen = Number(text);
    if (text === "" || Number.isNaN(chosen) || chosen < minimum || chosen > maximum) return;
    other.value = text;
    context.changed(type === "integer" ? Math.round(chosen) : chosen);
  };
  return labelled(context, property, element("div", { class: "slider" }, range, number));
}

function padding(property, value, context) {
  const sides = { top: "Above", right: "Right", bottom: "Below", left: "Left" };
  const now = { ...value };
  const input = (side) => {
    const made = element("input", { id: `${context.key}-${side}`, class: "form-control is-short num", type: "number", min: 0, max: 120, value: now[side], oninput: () => {
      const pixels = Math.round(Number(made.value));
      if (made.value === "" || !(pixels >= 0 && pixels <= 120)) return;
      now[side] = pixels;
      context.changed({ ...now });
    } });
    return element("label", { class: "side", for: made.id }, element("span", {}, sides[side]), made);
  };
  return element("fieldset", { class: "field" }, element("legend", { class: "field-label" }, labelOf(property)), element("div", { class: "sides" }, ...Object.keys(sides).map(input)));
}

/** A colour of the brand, which has a twin for dark mode, or any other. */
function color(property, value, context) {
  const shown = (one) => (HEX.test(one ?? "") ? one : (context.colors[one] ?? "#ffffff"));
  const any = element("input", { id: context.key, class: "form-control form-control-color", type: "color", value: shown(value), title: "Another colour", oninput: () => choose(any.value) });
  const hex = element("input", { class: "form-control is-hex", type: "text", value: value ?? "", placeholder: property.isOptional ? "as the design has it" : "#000000", "aria-label": `${labelOf(property)}: #rrggbb or a part of the brand`, maxlength: 10, autocomplete: "off", oninput: () => {
    const typed = hex.value.trim();
    if (!typed && property.isOptional) choose(null, true);
    else if (HEX.test(typed) || COLORS[typed]) choose(typed, true);
  } });
  const swatches = element("div", { class: "swatches", role: "group", "aria-label": `${labelOf(property)} of the brand` });
  const choose = (one, isTyped = false) => {
    any.value = shown(one);
    if (!isTyped) hex.value = one ?? "";
    for (const each of swatches.children) each.setAttribute("aria-pressed", String((each.dataset.color || null) === one));
    context.changed(one);
  };
  const swatch = (one, words) => {
    const made = element("button", { type: "button", class: "swatch", "aria-label": words, title: words, "aria-pressed": String((one || null) === value), "data-color": one, onclick: () => choose(one || null) });
    if (one) made.style.backgroundColor = shown(one);
    return made;
  };
  if (property.isOptional) swatches.append(swatch("", "As the design has it"));
  for (const [role, words] of Object.entries(COLORS)) swatches.append(swatch(role, words));
  return labelled(context, property, element("div", { class: "color" }, swatches, element("div", { class: "color-any" }, any, hex)));
}

function picture(property, value, context) {
  const view = element("div", { class: "picture-field-view" });
  const show = () => {
    // The page's policy shows pictures of this server alone; the mail itself shows every one.
    const isShown = input.value.startsWith(`${location.origin}/`);
    view.hidden = !isShown;
    view.replaceChildren(...(isShown ? [element("img", { src: input.value, alt: "", loading: "lazy" })] : []));
  };
  const input = element("input", { id: context.key, class: "form-control", type: "text", value: value ?? "", placeholder: "https://", inputmode: "url", autocomplete: "off", "data-takes-tags": true, oninput: () => {
    context.changed(input.value);
    show();
  } });
  const take = (chosen) => {
    input.value = chosen.src;
    context.changed(chosen.src, chosen);
    show();
  };
  const button = context.choosePicture && element("button", { type: "button", class: "btn btn-s", onclick: () => context.choosePicture(take) }, icon("photo"), value ? "Change" : "Choose");
  show();
  return labelled(context, property, element("div", { class: "picture-field" }, view, input, button));
}

/** A list of parts that look alike: social links, entries. */
function entries(property, value, context) {
  const { schema } = context;
  const name = property.items.of;
  const list = element("ol", { class: "entries" });
  let now = structuredClone(value ?? []);
  const tell = () => context.changed(structuredClone(now));
  const draw = () => list.replaceChildren(...now.map(entry));
  const reorder = (index, to) => {
    now.splice(to, 0, now.splice(index, 1)[0]);
    draw();
    tell();
    list.children[to].querySelector("summary").focus();
  };
  const entry = (one, index) => {
    const title = element("span", { class: "ellipsis" });
    const name_ = () => (title.textContent = one.title || one.label || NETWORKS[one.network] || `Entry ${index + 1}`);
    name_();
    const fields = schema.properties(name).map((part) =>
      field(part, one[part.key], { ...context, changed: (chosen, extra) => {
        one[part.key] = chosen;
        if (extra?.alt && "alt" in one && !one.alt) one.alt = extra.alt;
        name_();
        tell();
      } }),
    );
    return element("li", {}, element("details", { class: "entry" },
      element("summary", {}, icon("chevron-right"), title),
      element("div", { class: "entry-fields" }, ...fields, element("div", { class: "cluster" },
        iconButton("Move up", icon("arrow-up"), () => index > 0 && reorder(index, index - 1)),
        iconButton("Move down", icon("arrow-down"), () => index < now.length - 1 && reorder(index, index + 1)),
        iconButton("Remove", icon("trash"), () => {
          now = now.filter((other) => other !== one);
          draw();
          tell();
        }),
      )),
    ));
  };
  const add = element("button", { type: "button", class: "btn btn-s", onclick: () => {
    now.push(Object.fromEntries(schema.properties(name).map((part) => [part.key, part.default ?? ""])));
    draw();
    tell();
    list.lastElementChild.querySelector("details").open = true;
    list.lastElementChild.querySelector("input, select").focus();
  } }, icon("plus"), "Add");
  draw();
  return element("div", { class: "field" }, element("div", { class: "field-head" }, element("span", { class: "field-label" }, labelOf(property)), add), list);
}
