// data-narrow="lists" on a search field: of the element with that id, only those lines stay whose words begin with each of
// what is typed, and the ticked ones. It is no part of the form around it: nothing is saved, and Enter sends nothing.
import { behaviours } from "../behaviours.js";

behaviours.add("[data-narrow]", (field) => {
  const place = document.getElementById(field.dataset.narrow);
  const lines = [...place.children].filter((line) => line.value !== "");
  const said = field.parentElement.querySelector("[role=status]");

  field.addEventListener("input", (event) => {
    event.stopPropagation();
    const wanted = wordsOf(field.value);
    const kept = lines.filter((line) => isChosen(line) || meets(line, wanted));
    show(place, lines, kept);
    said.textContent = wanted.length ? `${kept.length} of ${lines.length}` : "";
  });
  field.addEventListener("change", (event) => event.stopPropagation());
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
    if (event.key === "Escape" && field.value) {
      event.preventDefault();
      field.value = "";
      field.dispatchEvent(new Event("input"));
    }
  });
  field.parentElement.hidden = false;
});

function wordsOf(text) {
  return text.toLocaleLowerCase().split(/[\s,.;:–—()/-]+/u).filter(Boolean);
}

function meets(line, wanted) {
  const words = wordsOf(line.textContent);
  return wanted.every((part) => words.some((word) => word.startsWith(part)));
}

function isChosen(line) {
  return line.selected || Boolean(line.querySelector(":checked"));
}

/** Options leave the document, since Safari shows hidden ones. */
function show(place, lines, kept) {
  if (!place.matches("select")) for (const line of lines) line.hidden = !kept.includes(line);
  else {
    const chosen = place.value;
    for (const line of lines) line.remove();
    place.append(...kept);
    place.value = chosen;
  }
}
