// data-preview-form: what is typed is shown in the frame beside it, a moment after the last stroke.
import { behaviours } from "../behaviours.js";

const PAUSE_MS = 500;

behaviours.add("[data-preview-form]", (form) => {
  const button = form.querySelector("[data-preview-button]");
  let soon;
  const show = () => form.requestSubmit(button);
  const showSoon = () => {
    clearTimeout(soon);
    soon = setTimeout(show, PAUSE_MS);
  };
  form.addEventListener("input", showSoon);
  form.addEventListener("submit", () => clearTimeout(soon));
  button.hidden = true;
  show();
});
