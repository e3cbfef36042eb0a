// Preflight's buttons. data-show-part leads to the place that a finding is about: its block on the canvas, its words in
// the editor, its field. data-seen-in shows the mail as other clients do, one at a time.
import { behaviours } from "../behaviours.js";

function show({ showBlock: block, showPart: part, showQuote: quote }) {
  if (block && !document.dispatchEvent(new CustomEvent("block:show", { cancelable: true, detail: { id: block } }))) return;
  const field = document.querySelector(`[name="${part}"]`);
  if (!field) return;
  if (field.matches("[data-editor]") && field.hidden) {
    field.dispatchEvent(new CustomEvent("editor:find", { detail: quote }));
    return;
  }
  field.focus();
  const at = quote && field.value ? field.value.indexOf(quote) : -1;
  if (at >= 0) field.setSelectionRange?.(at, at + quote.length);
}

// Back from a mend, the findings are what one wants to see next, also where they are behind a tab.
behaviours.add("#preflight", (panel) => {
  if (location.hash !== "#preflight") return;
  const tab = document.getElementById(panel.closest("[role=tabpanel]")?.getAttribute("aria-labelledby"));
  queueMicrotask(() => tab?.click());
});

behaviours.add("[data-show-part]", (button) => {
  button.addEventListener("click", () => show(button.dataset));
});

behaviours.add("[data-seen-in]", (root) => {
  const frame = root.querySelector("iframe");
  const choices = [...root.querySelectorAll("[data-seen-in-src]")];
  const look = (chosen) => {
    for (const one of choices) one.setAttribute("aria-pressed", String(one === chosen));
    frame.contentWindow.location.replace(new URL(chosen.dataset.seenInSrc, location.href));
  };
  for (const choice of choices) choice.addEventListener("click", () => look(choice));
  root.querySelector("[data-dialog]").addEventListener("click", () => {
    look(choices.find((one) => one.ariaPressed === "true") ?? choices[0]);
  });
  frame.addEventListener("load", () => {
    frame.contentDocument?.addEventListener("click", (event) => event.target.closest("a") && event.preventDefault());
  });
});
