// A Vite plugin: one SVG sprite of the Tabler icons named in icons.txt.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Name the sprite `icons.svg` in the manifest; each symbol's id is the icon's name. */
export function iconSprite(listPath, drawings) {
  return {
    name: "icon-sprite",
    generateBundle() {
      const names = readFileSync(listPath, "utf8").split("\n").filter(Boolean);
      this.emitFile({
        type: "asset",
        name: "icons.svg",
        originalFileName: "icons.svg",
        source: `<svg xmlns="http://www.w3.org/2000/svg">${names.map((name) => symbol(name, drawings)).join("")}</svg>`,
      });
    },
  };
}

function symbol(name, drawings) {
  const path = join(drawings, `${name}.svg`);
  if (!existsSync(path)) throw new Error(`icons.txt names "${name}", which Tabler has no outline icon for`);

  const svg = readFileSync(path, "utf8");
  const shapes = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
  return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.replace(/\s+/g, " ").trim()}</symbol>`;
}
