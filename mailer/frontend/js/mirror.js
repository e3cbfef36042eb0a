// data-mirror="subject": the element says what the field of that name holds, while it is typed; once the draft is saved,
// as a reader would see it, without merge tags, or what the server says of several fields together.
import { behaviours } from "../behaviours.js";

behaviours.add("[data-mirror]", (element) => {
  const { mirror, mirrorEmpty } = element.dataset;
  const field = document.querySelector(`[name="${mirror}"]`);
  field?.addEventListener("input", () => (element.textContent = field.value || mirrorEmpty));
  document.addEventListener("draft:saved", ({ detail }) => {
    if (detail.inbox?.[mirror] !== undefined) element.textContent = detail.inbox[mirror] || mirrorEmpty;
  });
});
