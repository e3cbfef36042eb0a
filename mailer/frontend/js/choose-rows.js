// data-choose-rows around a table: ticking rows shows the bulk bar with their number; the header's box ticks them all.
import { behaviours } from "../behaviours.js";

behaviours.add("[data-choose-rows]", (root) => {
  const all = root.querySelector("[data-choose-all]");
  const bar = root.querySelector("[data-bulk-bar]");
  const boxes = () => [...root.querySelectorAll("[data-choose-row]")];

  const update = () => {
    const chosen = boxes().filter((box) => box.checked);
    bar.hidden = chosen.length === 0;
    for (const count of root.querySelectorAll("[data-chosen-count]")) count.textContent = chosen.length;
    for (const box of boxes()) box.closest("tr").classList.toggle("is-chosen", box.checked);
    all.checked = chosen.length > 0 && chosen.length === boxes().length;
    all.indeterminate = chosen.length > 0 && !all.checked;
  };

  root.addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes()) box.checked = all.checked;
    if (event.target.matches("[data-choose-all], [data-choose-row]")) update();
  });
  update();
});
