// A form that posts is sent once: the button rests until the answer comes, so that nobody sends twice.
import { behaviours } from "../behaviours.js";

behaviours.add("form[method=post]", (form) => {
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || button.formTarget) return;
    // After the browser has read the pressed button's name and value.
    setTimeout(() => {
      if (event.defaultPrevented) return;
      button.disabled = true;
      button.setAttribute("aria-busy", "true");
    });
  });
});

// Coming back by the browser's history shows the page as it was left.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll("[aria-busy]")) {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
});
