// An icon of the page's sprite.
const SVG = "http://www.w3.org/2000/svg";
const sprite = document.querySelector("[data-icons]")?.dataset.icons ?? "";

export function icon(name, size = "icon-s") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${size}`);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}
