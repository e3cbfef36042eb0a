// data-dialog="id" opens that <dialog>; data-dialog-close closes the one around it, and so does a click outside.
import { behaviours } from "../behaviours.js";

behaviours.add("[data-dialog]", (button) => {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    document.getElementById(button.dataset.dialog).showModal();
  });
});

behaviours.add("[data-dialog-close]", (button) => {
  button.addEventListener("click", () => button.closest("dialog").close());
});

behaviours.add("dialog", (dialog) => {
  dialog.addEventListener("mousedown", (event) => {
    if (event.target === dialog) dialog.close();
  });
  if (dialog.hasAttribute("data-open")) dialog.showModal();
});
