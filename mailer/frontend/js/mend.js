// data-mend on a form: mends a finding, or takes that back, and lets the page show what is written now without leaving it.
import { behaviours } from "../behaviours.js";

async function send(form) {
  const answer = await fetch(form.action, { method: "POST", headers: { Accept: "application/json" }, body: new FormData(form) }).catch(() => null);
  const isJson = answer?.headers.get("Content-Type")?.includes("json");
  const said = isJson ? await answer.json() : {};
  if (!answer?.ok) return complain(form, said.message ?? "That did not work. Are you still signed in?");
  form.closest(".flash")?.remove();
  tell(said.flash);
  document.dispatchEvent(new CustomEvent("draft:mended", { detail: said }));
}

function tell(html) {
  const flashes = document.getElementById("flashes");
  flashes.insertAdjacentHTML("beforeend", html);
  behaviours.awaken(flashes);
}

function complain(form, sentence) {
  const told = form.parentElement.querySelector(".field-error") ?? document.createElement("p");
  told.className = "field-error";
  told.role = "alert";
  told.textContent = sentence;
  form.after(told);
}

behaviours.add("form[data-mend]", (form) => {
  form.addEventListener("submit", (event) => {
    // Whoever saves the draft first sends the form again.
    if (event.defaultPrevented) return;
    event.preventDefault();
    send(form);
  });
});
