// data-drop="#list" on a form with a file field: what is chosen, dropped or pasted is uploaded one by one and stands
// first in the list. data-describe on a form: it saves what its picture shows as soon as one has said it.
import { behaviours } from "../behaviours.js";

const JSON_ONLY = { Accept: "application/json" };

class Drop {
  constructor(form) {
    this.form = form;
    this.input = form.querySelector("input[type=file]");
    this.state = form.querySelector("[data-drop-state]");
    this.list = document.querySelector(form.dataset.drop);

    this.input.addEventListener("change", () => this.take([...this.input.files]));
    for (const type of ["dragenter", "dragover"]) {
      document.addEventListener(type, (event) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        form.classList.add("is-over");
      });
    }
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) form.classList.remove("is-over");
    });
    document.addEventListener("drop", (event) => {
      if (!event.dataTransfer?.files.length) return;
      event.preventDefault();
      form.classList.remove("is-over");
      this.take([...event.dataTransfer.files]);
    });
    document.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length) this.take(files);
    });
  }

  async take(files) {
    const refused = [];
    let last;
    for (const [number, file] of files.entries()) {
      this.state.textContent = `Uploading ${file.name}${files.length > 1 ? ` (${number + 1} of ${files.length})` : ""}…`;
      const { message, html, id } = await this.upload(file);
      if (message) refused.push(`${file.name}: ${message}`);
      else last = this.show(html, id);
    }
    this.input.value = "";
    this.state.textContent = refused.length ? refused.join(" ") : "Uploaded. Say what it shows, for those who do not see it.";
    this.state.classList.toggle("is-bad", refused.length > 0);
    last?.querySelector("input[name=alt]")?.focus();
  }

  async upload(file) {
    const body = new FormData();
    body.set("csrf_token", this.form.elements.csrf_token.value);
    body.set("file", file, file.name || "pasted.png");
    try {
      const answer = await fetch(this.form.action, { method: "POST", headers: JSON_ONLY, body });
      if (answer.status === 413) return { message: "it is too large." };
      return await answer.json();
    } catch {
      return { message: "it could not be uploaded; try again." };
    }
  }

  show(html, id) {
    document.getElementById(id)?.remove();
    document.querySelector("[data-without-pictures]")?.remove();
    this.list.insertAdjacentHTML("afterbegin", html);
    const item = this.list.firstElementChild;
    window.htmx.process(item);
    item.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true, detail: { elt: item } }));
    return item;
  }
}

behaviours.add("form[data-drop]", (form) => new Drop(form));

behaviours.add("form[data-describe]", (form) => {
  const state = form.querySelector("[data-state]");
  const save = async () => {
    const answer = await fetch(form.action, { method: "POST", headers: JSON_ONLY, body: new FormData(form) }).catch(() => null);
    const said = answer?.ok ? "Saved" : ((await answer?.json().catch(() => null))?.message ?? "Not saved; try again.");
    state.textContent = said;
    form.elements.alt.toggleAttribute("data-wanted", !form.elements.alt.value.trim());
  };
  form.addEventListener("change", save);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
});
