// data-theme-choice="light|dark|system": remembered in a cookie, so that the server draws the next page right at once.
import { behaviours } from "../behaviours.js";

const root = document.documentElement;
const YEAR = 365 * 24 * 60 * 60;

behaviours.add("[data-theme-choice]", (button) => {
  mark();
  button.addEventListener("click", () => {
    choose(button.dataset.themeChoice);
    mark();
  });
});

function choose(theme) {
  const secure = location.protocol === "https:" ? ";secure" : "";
  document.cookie = `theme=${theme};path=/;max-age=${theme === "system" ? 0 : YEAR};samesite=lax${secure}`;
  if (theme === "system") delete root.dataset.bsTheme;
  else root.dataset.bsTheme = theme;
  document.dispatchEvent(new CustomEvent("themechange"));
}

function mark() {
  const current = root.dataset.bsTheme || "system";
  for (const button of document.querySelectorAll("[data-theme-choice]"))
    button.setAttribute("aria-current", String(button.dataset.themeChoice === current));
}
