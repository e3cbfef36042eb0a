// data-autosave on a form: it saves itself a moment after the last change, and says so in [data-save-state].
// The `revision` field keeps two windows from overwriting each other. What must see the saved draft (links, other
// forms) carries data-after-save; a control with data-reload changes the page itself, so the page comes again.
import { behaviours } from "../behaviours.js";

const QUIET_MS = 700;
const AGAIN_MS = 5000;

class Draft {
  constructor(form) {
    this.form = form;
    this.state = document.querySelector("[data-save-state]");
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
  }

  changed() {
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
      this.say("Not saved: no connection. Trying again…", "bad");
      this.timer = setTimeout(() => this.save(), AGAIN_MS);
      return null;
    }
    const isJson = answer.headers.get("Content-Type")?.includes("json");
    const saved = isJson ? await answer.json() : {};
    const isSaved = answer.ok && isJson;
    if (isSaved) this.form.elements.revision.value = saved.revision;
    // What was typed while the server answered is not saved yet, so nothing may say that it is.
    if (!isSaved) this.say(saved.message ?? "Not saved. Reload the page and sign in again.", "bad");
    else if (!this.isDirty) this.say(saved.message);
    return isSaved ? saved : null;
  }

  say(words, kind = "") {
    this.state.textContent = words;
    this.state.classList.toggle("is-bad", kind === "bad");
  }
}

let draft;

behaviours.add("form[data-autosave]", (form) => {
  draft = new Draft(form);
});

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
