// data-autosave on a form: it saves itself a moment after the last change, and says so in [data-save-state].
// The `revision` field keeps two windows from overwriting each other: whoever comes second is asked which words hold.
// What could not be saved is kept in this browser and offered when the page is opened again. What must see the saved
// draft (links, other forms) carries data-after-save; a control with data-reload changes the page itself.
import { behaviours } from "../behaviours.js";

const QUIET_MS = 700;
const AGAIN_MS = 5000;
const CONFLICT = 409;
const PART = /^(blk|row|col)_/;
//: Fields that say which draft this is, not what is written in it.
const ABOUT = new Set(["csrf_token", "revision"]);

class Draft {
  constructor(form) {
    this.form = form;
    this.state = document.querySelector("[data-save-state]");
    this.words = document.createElement("span");
    this.again = Object.assign(document.createElement("button"), { type: "button", className: "btn-link", textContent: "Try again", hidden: true });
    this.words.textContent = this.state.textContent;
    this.state.replaceChildren(this.words, this.again);
    this.again.addEventListener("click", () => this.save());
    this.kept = new Unsaved(form);
    this.isDirty = false;
    this.saving = null;
    form.addEventListener("input", () => this.changed());
    form.addEventListener("change", (event) => {
      this.changed();
      if (event.target.matches("[data-reload]")) this.save().then((saved) => saved && location.reload());
    });
    form.addEventListener("submit", () => (this.isDirty = false));
    window.addEventListener("beforeunload", (event) => {
      if (this.isDirty || this.saving) event.preventDefault();
    });
    this.dialog = document.getElementById("conflict");
    this.dialog?.querySelector("[data-keep-mine]").addEventListener("click", () => this.keepMine());
    this.dialog?.querySelector("[data-take-theirs]").addEventListener("click", () => this.takeTheirs());
    this.kept.offer(() => this.changed());
  }

  changed() {
    if (this.isTaking) return;
    this.isDirty = true;
    this.say("Saving…");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), QUIET_MS);
  }

  /** Resolves to whether everything is saved. */
  async save() {
    clearTimeout(this.timer);
    while (this.saving) await this.saving;
    if (!this.isDirty) return true;
    this.isDirty = false;
    this.saving = this.post();
    const saved = await this.saving;
    this.saving = null;
    if (saved) this.form.dispatchEvent(new CustomEvent("draft:saved", { bubbles: true, detail: saved }));
    else this.isDirty = true;
    return Boolean(saved);
  }

  /** Resolves to what the server answered, or to nothing when it did not save. */
  async post() {
    let answer;
    try {
      answer = await fetch(this.form.action, {
        method: "POST",
        body: new FormData(this.form),
        headers: { Accept: "application/json" },
      });
    } catch {
      this.kept.keep();
      this.fail("Not saved: no connection. Trying again…");
      this.timer = setTimeout(() => this.save(), AGAIN_MS);
      return null;
    }
    const isJson = answer.headers.get("Content-Type")?.includes("json");
    const saved = isJson ? await answer.json() : {};
    if (!answer.ok || !isJson) {
      this.kept.keep();
      this.fail(this.reason(saved));
      this.form.dispatchEvent(new CustomEvent("draft:refused", { bubbles: true, detail: saved }));
      if (answer.status === CONFLICT && saved.revision) this.ask(saved.revision);
      return null;
    }
    this.form.elements.revision.value = saved.revision;
    this.kept.forget();
    // What was typed while the server answered is not saved yet, so nothing may say that it is.
    if (!this.isDirty) this.say(saved.message);
    return saved;
  }

  /** The server has changed what is written: the page shows that, and there is nothing to save. */
  take(saved) {
    this.isTaking = true;
    for (const [name, value] of Object.entries(saved.words)) {
      const field = this.form.elements[name];
      if (!field || value === null || field.value === value) continue;
      field.value = value;
      field.dispatchEvent(new Event("editor:refresh"));
    }
    this.isTaking = false;
    this.form.elements.revision.value = saved.revision;
    this.say(saved.message);
    this.form.dispatchEvent(new CustomEvent("draft:saved", { bubbles: true, detail: saved }));
  }

  /** Somebody else saved this draft since; nobody's words are lost before one of them has chosen. */
  ask(revision) {
    this.theirs = revision;
    if (this.dialog && !this.dialog.open) this.dialog.showModal();
  }

  keepMine() {
    this.dialog.close();
    this.form.elements.revision.value = this.theirs;
    this.isDirty = true;
    this.save();
  }

  takeTheirs() {
    // Mine stay in this browser, and are offered there.
    this.isDirty = false;
    location.reload();
  }

  reason({ message, fields = {} }) {
    if (!message) return "Not saved. Sign in again in another window.";
    // Its place is marked in the mail itself.
    if (Object.keys(fields).some((path) => PART.test(path))) return "Not saved: a part of the mail needs another look.";
    return `Not saved: ${message}`;
  }

  fail(words) {
    this.say(words, true);
  }

  say(words, isBad = false) {
    this.words.textContent = words;
    this.again.hidden = !isBad;
    this.state.classList.toggle("is-bad", isBad);
  }
}

/** Words that the server does not have, kept in this browser. */
class Unsaved {
  constructor(form) {
    this.form = form;
    this.key = `mailer:unsaved:${new URL(form.action, location.href).pathname}`;
    this.notice = document.querySelector("[data-unsaved]");
  }

  keep() {
    const fields = [...new FormData(this.form)].filter(([name]) => !ABOUT.has(name));
    try {
      localStorage.setItem(this.key, JSON.stringify({ at: Date.now(), fields }));
    } catch {
      // A full or forbidden storage: the page itself still has them.
    }
  }

  forget() {
    localStorage.removeItem(this.key);
  }

  offer(changed) {
    const kept = JSON.parse(localStorage.getItem(this.key) ?? "null");
    if (!kept || !this.notice) return;
    this.notice.hidden = false;
    this.notice.querySelector("[data-unsaved-at]").textContent = new Date(kept.at).toLocaleString();
    this.notice.querySelector("[data-restore]").addEventListener("click", () => {
      this.fill(kept.fields);
      this.notice.hidden = true;
      changed();
    });
    this.notice.querySelector("[data-discard]").addEventListener("click", () => {
      this.forget();
      this.notice.hidden = true;
    });
  }

  fill(fields) {
    for (const element of this.form.elements) {
      if (!element.name || ABOUT.has(element.name)) continue;
      const values = fields.filter(([name]) => name === element.name).map(([, value]) => value);
      if (element.type === "checkbox" || element.type === "radio") element.checked = values.includes(element.value);
      else if (values.length) element.value = values[0];
      element.dispatchEvent(new Event("editor:refresh"));
    }
  }
}

let draft;

behaviours.add("form[data-autosave]", (form) => {
  draft = new Draft(form);
});

document.addEventListener("draft:mended", ({ detail }) => draft?.take(detail));

behaviours.add("a[data-after-save]", (link) => {
  link.addEventListener("click", async (event) => {
    if (!draft?.isDirty && !draft?.saving) return;
    event.preventDefault();
    if (await draft.save()) location.assign(link.href);
  });
});

behaviours.add("form[data-after-save]", (form) => {
  form.addEventListener("submit", async (event) => {
    if (!draft?.isDirty && !draft?.saving) return;
    event.preventDefault();
    if (await draft.save()) form.requestSubmit(event.submitter);
  });
});
