// data-editor="markdown|mjml|html" on a textarea: a code editor takes its place and keeps it in step. What the server
// finds wrong in it when it saves the draft stands below, and is marked in it.
import { behaviours } from "../behaviours.js";

behaviours.add("textarea[data-editor]", async (textarea) => {
  const { openEditor } = await import("./code-editor.js");
  openEditor(textarea);
  const told = document.querySelector(`[data-problem-in="${textarea.name}"]`);
  const tell = (problem) => {
    textarea.dispatchEvent(new CustomEvent("editor:problem", { detail: problem }));
    if (!told) return;
    told.hidden = !problem;
    told.querySelector("[data-words]").textContent = problem ?? "";
  };
  document.addEventListener("draft:saved", ({ detail }) => detail.problems && tell(detail.problems[textarea.name]));
  document.addEventListener("draft:refused", ({ detail }) => tell(detail.fields?.[textarea.name]));
  if (told && !told.hidden) tell(told.querySelector("[data-words]").textContent);
});
