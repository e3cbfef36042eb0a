// data-editor="markdown|html" on a textarea: a code editor takes its place and keeps it in step.
import { behaviours } from "../behaviours.js";

behaviours.add("textarea[data-editor]", async (textarea) => {
  const { openEditor } = await import("./code-editor.js");
  openEditor(textarea);
});
