// Opens and closes the writing in place, with its small bar of tools, and keeps it over its block while the mail beneath
// is rendered again.
import { partOf } from "./document.js";
import { element, iconButton } from "./element.js";
import { icon } from "./icon.js";

const HELD = "data-being-written";
/** Where a block's words stand in the mail (templates/rendering/blocks). */
const WORDS = { text: ":scope > div", heading: "h1, h2, h3, h4", quote: ".words > div", button: "a", footer: ":scope > div" };
/** What a footer says after its author's words: the address and the links. */
const FOOTER_LINES = 2;

export class Writer {
  constructor({ store, canvas, frames, page, labels, tagMenu }) {
    Object.assign(this, { store, canvas, frames, page, labels, tagMenu });
    canvas.addEventListener("layout", () => this.place());
    store.addEventListener("select", () => this.id && store.selected !== this.id && this.close(false));
    store.addEventListener("change", ({ detail }) => this.id && detail.by === "history" && this.close(true));
    document.addEventListener("pointerdown", (event) => {
      if (this.id && !event.target.closest(".rich-text, .writing-tools, .menu, dialog")) this.close(false);
    });
  }

  async open(id, property, point) {
    if (this.id === id) return;
    this.close(false);
    // A second press comes before the editor is loaded.
    this.wanted = id;
    const { RichText } = await import("./rich-text.js");
    if (this.wanted !== id) return;
    this.wanted = null;
    const block = partOf(this.store.document, id);
    const over = block && this.wordsOf(id);
    if (!over) return;
    this.id = id;
    const isLine = property !== "html";
    this.text = new RichText({
      over,
      layer: this.page,
      words: block[property],
      isLine,
      label: `Words of the ${(this.labels[block.type] ?? block.type).toLowerCase()}`,
      point,
      done: (isFocusWanted) => this.close(isFocusWanted),
      changed: (words) => {
        this.store.change("writing", (copy) => void (partOf(copy, id)[property] = words), { merge: `${id}.${property}`, by: "text" });
        this.place();
      },
    });
    this.bar = this.barFor(isLine);
    this.page.append(this.bar);
    this.page.classList.add("is-writing");
    this.hold();
    this.place();
  }

  close(isFocusWanted) {
    if (!this.id) return;
    const { id } = this;
    this.id = null;
    this.text.destroy();
    this.bar.remove();
    this.page.classList.remove("is-writing");
    this.canvas.mail.querySelector(`[${HELD}]`)?.removeAttribute(HELD);
    this.canvas.renderNow();
    if (isFocusWanted) this.frames.focus(id);
  }

  /** The element that holds a block's words. */
  wordsOf(id) {
    const { type } = partOf(this.store.document, id);
    const words = this.canvas.elementOf(id)?.querySelector(WORDS[type]);
    return words && type === "footer" ? ownWords(words) : words;
  }

  /** Keep the room of the words in the mail, but let only the editor's be seen. */
  hold() {
    const over = this.wordsOf(this.id);
    if (!over) return;
    over.setAttribute(HELD, "");
    over.style.visibility = "hidden";
    over.style.minHeight = `${this.text.height}px`;
    this.text.move(over);
  }

  place() {
    if (!this.id) return;
    const over = this.wordsOf(this.id);
    if (!over) return;
    if (!over.hasAttribute(HELD)) this.hold();
    const height = `${this.text.height}px`;
    if (over.style.minHeight !== height) over.style.minHeight = height;
    this.text.place();
    const box = over.getBoundingClientRect();
    const room = this.page.clientWidth - this.bar.offsetWidth - 4;
    Object.assign(this.bar.style, { left: `${Math.max(4, Math.min(box.left, room))}px`, top: `${box.top > 48 ? box.top - 44 : box.top + this.text.height + 10}px` });
  }

  barFor(isLine) {
    const bar = element("div", { class: "writing-tools", role: "toolbar", "aria-label": "Words" });
    const { editor } = this.text;
    const button = (label, picture, name, run) => {
      const made = iconButton(label, icon(picture), () => run(editor.chain().focus()).run(), { "aria-pressed": "false" });
      const update = () => made.setAttribute("aria-pressed", String(editor.isActive(name)));
      editor.on("transaction", update);
      return made;
    };
    if (!isLine) {
      bar.append(
        button("Bold", "bold", "bold", (chain) => chain.toggleBold()),
        button("Italic", "italic", "italic", (chain) => chain.toggleItalic()),
        button("Underline", "underline", "underline", (chain) => chain.toggleUnderline()),
        this.linkButton(editor),
        button("List", "list", "bulletList", (chain) => chain.toggleBulletList()),
        button("Numbered list", "list-numbers", "orderedList", (chain) => chain.toggleOrderedList()),
      );
    }
    bar.append(this.tagButton(), element("button", { type: "button", class: "btn btn-s btn-ghost", onclick: () => this.close(true) }, "Done"));
    bar.addEventListener("mousedown", (event) => event.target.matches("input") || event.preventDefault());
    return bar;
  }

  tagButton() {
    return element("button", { type: "button", class: "btn btn-s btn-ghost", "aria-haspopup": "true", onclick: (event) => this.tagMenu.open(event.currentTarget, (tag) => this.text.insert(tag)) }, icon("braces"), "Tag");
  }

  /** A link's address is asked for where the bar is; an empty one takes the link away. */
  linkButton(editor) {
    const input = element("input", { class: "form-control", type: "text", inputmode: "url", placeholder: "https://", "aria-label": "Where the link leads", autocomplete: "off", onkeydown: (event) => {
      if (event.key === "Enter") apply();
      if (event.key === "Escape") hide();
      if (["Enter", "Escape"].includes(event.key)) event.preventDefault();
    } });
    const form = element("div", { class: "link-form", hidden: true }, input, element("button", { type: "button", class: "btn btn-s", onclick: () => apply() }, "Set"));
    const hide = () => {
      form.hidden = true;
      editor.commands.focus();
    };
    const apply = () => {
      const href = input.value.trim();
      const chain = editor.chain().focus().extendMarkRange("link");
      if (!href) chain.unsetLink().run();
      else if (editor.state.selection.empty && !editor.isActive("link")) chain.insertContent({ type: "text", text: href, marks: [{ type: "link", attrs: { href } }] }).run();
      else chain.setLink({ href: /^([a-z]+:|[{#/])/i.test(href) ? href : `https://${href}` }).run();
      hide();
    };
    const button = iconButton("Link", icon("link"), () => {
      form.hidden = !form.hidden;
      if (form.hidden) return;
      input.value = editor.getAttributes("link").href ?? "";
      input.focus();
      input.select();
    }, { "aria-pressed": "false" });
    editor.on("transaction", () => button.setAttribute("aria-pressed", String(editor.isActive("link"))));
    return element("span", { class: "link-tool" }, button, form);
  }
}

/** The author's part of a footer, as an element of its own. */
function ownWords(footer) {
  if (footer.firstElementChild?.matches("div")) return footer.firstElementChild;
  const own = footer.ownerDocument.createElement("div");
  own.append(...[...footer.children].slice(0, -FOOTER_LINES));
  footer.prepend(own);
  return own;
}
