// Copying parts from one campaign to another: as JSON on the clipboard, and in this browser's storage for where the
// clipboard cannot be read.
import { copyOf } from "./document.js";

const KEY = "mailer:copied-part";
const MARK = "mailer-design-part";

function packed(part) {
  return JSON.stringify({ [MARK]: 1, part });
}

/** The part that a text holds, with ids of its own; nothing when it holds none. */
export function unpacked(text) {
  try {
    const found = JSON.parse(text);
    return found[MARK] && found.part ? copyOf(found.part) : null;
  } catch {
    return null;
  }
}

/** The browser's own copy, cut and paste while the focus is on the mail. */
export function listen(root, { selected, removed, pasted }) {
  for (const name of ["copy", "cut"]) {
    document.addEventListener(name, (event) => {
      if (!root.contains(document.activeElement) || isWriting(event.target) || !selected()) return;
      event.clipboardData.setData("text/plain", packed(selected()));
      remember(selected());
      event.preventDefault();
      if (name === "cut") removed();
    });
  }
  document.addEventListener("paste", (event) => {
    if (isWriting(event.target)) return;
    const part = unpacked(event.clipboardData.getData("text/plain"));
    if (!part) return;
    event.preventDefault();
    pasted(part);
  });
}

export async function copy(part) {
  remember(part);
  try {
    await navigator.clipboard.writeText(packed(part));
  } catch {
    // What is remembered here is enough within this browser.
  }
}

/** What was copied last, wherever that can still be read. */
export async function paste() {
  try {
    const part = unpacked(await navigator.clipboard.readText());
    if (part) return part;
  } catch {
    // The reader did not allow it, or the browser has no such thing.
  }
  return unpacked(localStorage.getItem(KEY) ?? "");
}

function remember(part) {
  try {
    localStorage.setItem(KEY, packed(part));
  } catch {
    // A full or forbidden storage costs only the fallback.
  }
}

function isWriting(target) {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable=true], .cm-editor");
}
