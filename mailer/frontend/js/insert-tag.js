// data-insert="{{ … }}" on a button: puts its text where the cursor was last, in the subject, the preheader or the words.
import { behaviours } from "../behaviours.js";
import { insertInto } from "./insert.js";

let last;

document.addEventListener("focusin", (event) => {
  const editor = event.target.closest(".editor");
  if (editor) last = editor.previousElementSibling;
  else if (event.target.matches("input[name=subject], input[name=preheader], textarea")) last = event.target;
});

behaviours.add("[data-insert]", (button) => {
  button.addEventListener("click", () => {
    button.closest("[popover]")?.hidePopover();
    const target = last?.isConnected ? last : document.querySelector("textarea[name=body], textarea[name=html]");
    insertInto(target, button.dataset.insert);
  });
});
