// The mail itself: the server's own rendering in a frame that runs no script. The frame is as tall as the mail, so that
// what lies over it (frames.js) scrolls along. A new rendering replaces what is in the document instead of loading it
// again: nothing flickers, and nothing of the page's own policy reaches the mail.
const QUIET_MS = 120;
const WIDTHS = { desktop: 704, mobile: 375 };

export class Canvas extends EventTarget {
  /**
   * @param render asks the server for a document's picture and what is wrong in it: `{ html, problems }`
   * @param wording says what an error is about: `{ words, id }`, with the part to look at
   */
  constructor(root, { store, render, wording }) {
    super();
    this.root = root;
    this.page = root.querySelector("[data-canvas-page]");
    this.frame = root.querySelector("iframe");
    this.problem = root.querySelector("[data-canvas-problem]");
    this.store = store;
    this.render = render;
    this.wording = wording;
    this.isDark = false;
    this.schemes = [];
    this.device = "desktop";
    store.addEventListener("change", () => this.renderSoon());
    this.grown = new ResizeObserver(() => this.measure());
    new ResizeObserver(() => this.fit()).observe(root);
  }

  get mail() {
    return this.frame.contentDocument;
  }

  /** Wait for the empty page that the frame loads: its policy is the one that mails are shown under. */
  async open() {
    if (this.mail?.readyState !== "complete" || this.mail.URL === "about:blank")
      await new Promise((resolve) => this.frame.addEventListener("load", resolve, { once: true }));
    await this.renderNow();
  }

  renderSoon() {
    this.setBusy(true);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.renderNow(), QUIET_MS);
  }

  async renderNow() {
    this.setBusy(true);
    clearTimeout(this.timer);
    this.asked?.abort();
    this.asked = new AbortController();
    const { signal } = this.asked;
    try {
      const { html, problems } = await this.render(this.store.document, signal);
      if (!signal.aborted) this.show(html, problems);
    } catch (error) {
      if (!signal.aborted) this.complain(error);
    }
    if (!signal.aborted) this.setBusy(false);
  }

  /** Whether the picture is behind the document. */
  setBusy(isBusy) {
    this.root.setAttribute("aria-busy", String(isBusy));
  }

  /** @param problems sentences by their place: what stays out of the mail until it is mended */
  show(html, problems) {
    const mail = this.mail;
    // Inside the frame's own document, so that the frame's policy judges its styles and images, and not the page's.
    mail.documentElement.innerHTML = html;
    for (const name of ["lang", "dir"]) {
      const value = new RegExp(`<html\\b[^>]*\\s${name}="([^"]*)"`, "i").exec(html)?.[1];
      if (value) mail.documentElement.setAttribute(name, value);
    }
    mail.documentElement.style.overflow = "hidden";
    this.schemes = [...mail.styleSheets]
      .flatMap((sheet) => [...sheet.cssRules])
      .filter((rule) => /prefers-color-scheme/.test(rule.media?.mediaText))
      .map((rule) => ({ rule, wantsDark: /prefers-color-scheme:\s*dark/.test(rule.media.mediaText) }));
    this.dress();
    this.grown.disconnect();
    this.grown.observe(mail.body);
    this.complain(Object.keys(problems).length ? { message: "", fields: problems } : null);
    this.measure();
  }

  /** Say what is wrong; where no picture can be made, the last one stays. */
  complain(error) {
    const { words, id } = error ? this.wording(error) : {};
    this.problem.hidden = !error;
    this.problem.querySelector("[data-words]").textContent = words ?? "";
    const show = this.problem.querySelector("button");
    show.hidden = !id;
    show.onclick = () => this.store.select(id, { focus: true, again: true });
    this.dispatchEvent(new CustomEvent("problem", { detail: error }));
  }

  setDevice(device) {
    this.device = device;
    this.root.dataset.device = device;
    this.fit();
  }

  setDark(isDark) {
    this.isDark = isDark;
    this.page.classList.toggle("is-dark", isDark);
    this.dress();
    this.measure();
  }

  /** Let the mail's own rules for dark mode hold, or not, whatever this page looks like. */
  dress() {
    this.mail.documentElement.style.colorScheme = this.isDark ? "dark" : "light";
    for (const { rule, wantsDark } of this.schemes) rule.media.mediaText = wantsDark === this.isDark ? "all" : "not all";
  }

  fit() {
    const room = this.root.clientWidth - 32;
    this.page.style.width = `${Math.min(WIDTHS[this.device], Math.max(room, 280))}px`;
    this.measure();
  }

  measure() {
    const body = this.mail?.body;
    if (!body) return;
    // Asked for again from nothing, or the frame would never become lower.
    const tall = Math.ceil(Math.max(body.getBoundingClientRect().bottom, body.scrollHeight && body.offsetHeight));
    if (tall !== this.tall) {
      this.tall = tall;
      this.frame.style.height = `${Math.max(tall, 160)}px`;
    }
    this.dispatchEvent(new Event("layout"));
  }

  /** The element that shows a row, a column or a block. */
  elementOf(id) {
    const kind = { row: "row", col: "column", blk: "block" }[id.slice(0, 3)];
    return this.mail.querySelector(`[data-${kind}="${CSS.escape(id)}"]`);
  }

  /** Where a part is within the mail; nothing while it is not shown. */
  boxOf(id) {
    const box = this.elementOf(id)?.getBoundingClientRect();
    return box && { left: box.left, top: box.top, width: box.width, height: box.height };
  }
}
