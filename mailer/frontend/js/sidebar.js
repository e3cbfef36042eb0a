// data-sidebar: opens the sidebar over the page on narrow screens.
import { behaviours } from "../behaviours.js";

behaviours.add("[data-sidebar]", (button) => {
  const shell = document.querySelector(".shell");
  const set = (open) => {
    shell.classList.toggle("is-open", open);
    button.setAttribute("aria-expanded", String(open));
    if (open) shell.querySelector(".sidebar a, .sidebar button").focus();
    else if (shell.querySelector(".sidebar").contains(document.activeElement)) button.focus();
  };

  button.addEventListener("click", () => set(!shell.classList.contains("is-open")));
  shell.addEventListener("click", (event) => {
    if (event.target === shell) set(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && shell.classList.contains("is-open")) set(false);
  });
});
