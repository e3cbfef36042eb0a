// CodeMirror over a textarea. The textarea stays the truth: it fires `input` on every change (so that htmx and
// drafts that save themselves notice), and setting its value and firing `editor:refresh` changes the editor. Mistakes that
// the server finds (`editor:problem`, with a sentence such as “Line 3: …”) are marked where they are.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { indentWithTab } from "@codemirror/commands";
import { html } from "@codemirror/lang-html";
import { markdown } from "@codemirror/lang-markdown";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { minimalSetup } from "codemirror";

import { mergeTagCompletion } from "./merge-tag-completion.js";

const languages = {
  html: () => html({ matchClosingTags: true }),
  mjml: () => html({ matchClosingTags: true, selfClosingTags: true }),
  markdown: () => markdown(),
};
//: Lines have numbers where mistakes are told by line.
const numbered = new Set(["html", "mjml"]);
const LINE = /\bline (\d+)/i;

const look = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--surface)", fontSize: "var(--text-s)" },
  ".cm-content": { fontFamily: "var(--mono)", padding: "0.75rem 0", caretColor: "var(--accent-ink)", lineHeight: "1.6" },
  ".cm-line": { padding: "0 0.875rem" },
  ".cm-cursor": { borderLeftColor: "var(--accent-ink)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--accent-soft)",
  },
  ".cm-placeholder": { color: "var(--ink-3)" },
  ".cm-gutters": { backgroundColor: "var(--sunken)", borderRight: "1px solid var(--line)", color: "var(--ink-3)" },
  ".cm-tooltip": { border: "1px solid var(--line)", borderRadius: "var(--radius)", backgroundColor: "var(--raised)", color: "var(--ink)" },
  ".cm-tooltip-autocomplete > ul > li": { padding: "3px 8px", fontFamily: "var(--mono)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionDetail": { marginLeft: "1rem", fontFamily: "var(--sans)", fontStyle: "normal", opacity: "0.75" },
});

const colours = HighlightStyle.define([
  { tag: tags.heading, fontWeight: "650", color: "var(--ink)" },
  { tag: tags.strong, fontWeight: "650" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: [tags.link, tags.url], color: "var(--accent-ink)" },
  { tag: [tags.tagName, tags.keyword], color: "var(--accent-ink)" },
  { tag: tags.attributeName, color: "var(--warn-ink)" },
  { tag: [tags.attributeValue, tags.string], color: "var(--good-ink)" },
  { tag: [tags.comment, tags.processingInstruction, tags.angleBracket], color: "var(--ink-3)" },
  { tag: tags.monospace, color: "var(--bad-ink)" },
]);

export function openEditor(textarea) {
  const holder = document.createElement("div");
  holder.className = "editor";
  textarea.after(holder);
  textarea.hidden = true;

  const view = new EditorView({ parent: holder, state: state(textarea) });
  textarea.addEventListener("editor:refresh", () => {
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: textarea.value } });
  });
  textarea.addEventListener("editor:insert", (event) => {
    view.dispatch(view.state.replaceSelection(event.detail));
    view.focus();
  });
  textarea.addEventListener("editor:find", ({ detail }) => {
    const from = detail ? textarea.value.indexOf(detail) : -1;
    if (from >= 0) view.dispatch({ selection: { anchor: from, head: from + detail.length }, scrollIntoView: true });
    view.focus();
  });
  textarea.addEventListener("editor:problem", ({ detail }) => {
    view.dispatch(setDiagnostics(view.state, detail ? [diagnosis(view.state.doc, detail)] : []));
  });
  textarea.form?.addEventListener("reset", () => setTimeout(() => textarea.dispatchEvent(new Event("editor:refresh"))));
}

/** A sentence of the server's as a mark on its line, or on the first. */
function diagnosis(doc, message) {
  const number = Math.min(Number(LINE.exec(message)?.[1] ?? 1), doc.lines);
  const { from, to } = doc.line(number);
  return { from, to, severity: "error", message };
}

function state(textarea) {
  const label = textarea.labels[0];
  label?.addEventListener("click", () => textarea.nextElementSibling.querySelector(".cm-content").focus());
  return EditorState.create({
    doc: textarea.value,
    extensions: [
      minimalSetup,
      numbered.has(textarea.dataset.editor) ? lineNumbers() : [],
      lintGutter(),
      closeBrackets(),
      autocompletion({ override: textarea.dataset.tags ? [mergeTagCompletion(textarea.dataset.tags)] : null }),
      // Escape, then Tab, leaves the editor.
      keymap.of([...closeBracketsKeymap, ...completionKeymap, ...(numbered.has(textarea.dataset.editor) ? [indentWithTab] : [])]),
      languages[textarea.dataset.editor](),
      look,
      syntaxHighlighting(colours),
      placeholder(textarea.placeholder),
      EditorView.lineWrapping,
      EditorView.cspNonce.of(document.querySelector("meta[name=csp-nonce]")?.content ?? ""),
      EditorView.contentAttributes.of({
        "aria-label": label?.textContent.trim() ?? textarea.name,
        "aria-describedby": textarea.getAttribute("aria-describedby") ?? "",
        spellcheck: "true",
        // What can be edited can be focused, but checkers look for this.
        tabindex: "0",
      }),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        textarea.value = update.state.doc.toString();
        textarea.dispatchEvent(new Event("input", { bubbles: true }));
      }),
    ],
  });
}
