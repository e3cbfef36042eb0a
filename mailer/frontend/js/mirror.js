// data-mirror="subject": the element says what the field of that name holds, while it is typed.
import { behaviours } from "../behaviours.js";

behaviours.add("[data-mirror]", (element) => {
  const field = document.querySelector(`[name="${element.dataset.mirror}"]`);
  field.addEventListener("input", () => {
    element.textContent = field.value || element.dataset.mirrorEmpty;
  });
});
