// data-copy="text": puts it on the clipboard and says so, to eyes and to screen readers.
import { behaviours } from "../behaviours.js";

behaviours.add("[data-copy]", (button) => {
  const label = button.querySelector("[data-copy-label]");
  const before = label.textContent;
  let back;

  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    label.textContent = "Copied";
    clearTimeout(back);
    back = setTimeout(() => (label.textContent = before), 1600);
  });
});
