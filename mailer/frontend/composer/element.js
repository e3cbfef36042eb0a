// Elements in one expression: element("button", { type: "button", class: "btn", onclick }, "Words", child).
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked" || key === "disabled") made[key] = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** A square button that says what it does to those who cannot see the icon. */
export function iconButton(label, picture, onclick, attributes = {}) {
  return element("button", { type: "button", class: "btn btn-icon btn-s btn-ghost", "aria-label": label, title: label, onclick, ...attributes }, picture);
}
