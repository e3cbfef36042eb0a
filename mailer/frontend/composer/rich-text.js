// Writing in place: an editor lies exactly over the words of the mail, in their font, size and colour. The mail beneath
// keeps the room that they take. TipTap owns the typing; what it writes is the block's HTML.
import { Editor, Extension } from "@tiptap/core";
import { Placeholder } from "@tiptap/extensions/placeholder";
import { Plugin } from "@tiptap/pm/state";
import { Decoration, DecorationSet } from "@tiptap/pm/view";
import StarterKit from "@tiptap/starter-kit";

import { element } from "./element.js";

const TAG = /\{\{.*?\}\}|\{%.*?%\}/g;
const COPIED = [
  "font-family",
  "font-size",
  "font-weight",
  "font-style",
  "line-height",
  "letter-spacing",
  "color",
  "text-align",
  "text-transform",
  "direction",
  "padding",
];
/** HTML as the editor reads it: within a merge tag nothing is markup, and the page's policy refuses styles. */
function readable(html) {
  const escaped = (tag) => tag.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return html.replace(TAG, escaped).replace(/\sstyle="[^"]*"/g, "");
}

const nonce = document.querySelector("meta[name=csp-nonce]")?.content;

/** Shows merge tags as what they are, not as words. */
const mergeTags = Extension.create({
  name: "mergeTags",
  addProseMirrorPlugins: () => [
    new Plugin({
      props: {
        decorations: ({ doc }) => {
          const found = [];
          doc.descendants((node, from) => {
            if (!node.isText) return;
            for (const match of node.text.matchAll(TAG))
              found.push(Decoration.inline(from + match.index, from + match.index + match[0].length, { class: "merge-tag" }));
          });
          return DecorationSet.create(doc, found);
        },
      },
    }),
  ],
});

/** A line has no paragraphs, lists or marks; Enter is done. */
const oneLine = { heading: false, bulletList: false, orderedList: false, listItem: false, listKeymap: false, blockquote: false };
const noMarks = { bold: false, italic: false, underline: false, strike: false, code: false, link: false };
const never = { codeBlock: false, horizontalRule: false, trailingNode: false, dropcursor: false, gapcursor: false };

export class RichText {
  /**
   * @param over the element of the mail whose words are written
   * @param words HTML, or a line of text when `isLine`
   * @param changed called with the words after every change
   * @param done called when the writer is through, with whether the focus goes back
   */
  constructor({ over, layer, words, isLine, label, changed, done, point }) {
    this.over = over;
    this.isLine = isLine;
    this.done = done;
    this.holder = element("div", { class: "rich-text" });
    layer.append(this.holder);
    this.dress();
    this.editor = new Editor({
      element: this.holder,
      content: isLine ? { type: "doc", content: [{ type: "paragraph", content: words ? [{ type: "text", text: words }] : [] }] } : readable(words),
      injectNonce: nonce,
      autofocus: point ? false : "end",
      extensions: [
        StarterKit.configure({
          ...never,
          ...(isLine ? { ...oneLine, ...noMarks, hardBreak: false } : {}),
          ...(isLine ? {} : { link: { openOnClick: false, autolink: false, defaultProtocol: "https", HTMLAttributes: { target: null, rel: null } } }),
        }),
        mergeTags,
        Placeholder.configure({ placeholder: "Write something" }),
      ],
      editorProps: {
        attributes: { "aria-label": label, "aria-multiline": String(!isLine), role: "textbox", class: "rich-text-words" },
        handleKeyDown: (view, event) => this.key(event),
      },
      onUpdate: () => changed(this.words),
    });
    if (point) this.caretAt(point);
  }

  get words() {
    if (this.isLine) return this.editor.getText({ blockSeparator: " " });
    const html = this.editor.isEmpty ? "" : this.editor.getHTML();
    // Within a merge tag nothing is markup.
    return html.replace(TAG, (tag) => tag.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&"));
  }

  get height() {
    return this.holder.offsetHeight;
  }

  caretAt({ x, y }) {
    const position = this.editor.view.posAtCoords({ left: x, top: y })?.pos;
    this.editor.commands.focus(position ?? "end");
  }

  key(event) {
    if (event.key === "Escape" || (this.isLine && event.key === "Enter")) {
      this.done(true);
      return true;
    }
    return false;
  }

  insert(text) {
    this.editor.chain().focus().insertContent({ type: "text", text }).run();
  }

  /** The mail was rendered again: lie over its new element. */
  move(over) {
    this.over = over;
    this.dress();
  }

  dress() {
    const style = this.over.ownerDocument.defaultView.getComputedStyle(this.over);
    for (const name of COPIED) this.holder.style.setProperty(name, style.getPropertyValue(name));
    const link = this.over.querySelector("a");
    if (link) this.holder.style.setProperty("--link", this.over.ownerDocument.defaultView.getComputedStyle(link).color);
    this.place();
  }

  place() {
    // Where the words would be if they were not hidden.
    const box = this.over.getBoundingClientRect();
    Object.assign(this.holder.style, { left: `${box.left}px`, top: `${box.top}px`, width: `${box.width}px` });
  }

  destroy() {
    this.editor.destroy();
    this.holder.remove();
  }
}
