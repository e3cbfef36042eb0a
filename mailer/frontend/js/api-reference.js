// data-api-try: makes the call that a form describes, with the key that was typed, and shows the answer.
import { behaviours } from "../behaviours.js";

behaviours.add("[data-api-try]", (form) => {
  const answer = form.querySelector("[data-api-answer]");

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const response = await fetch(addressOf(form), requestOf(form));
      answer.textContent = `${response.status} ${response.statusText}\n\n${pretty(await response.text())}`;
    } catch (error) {
      answer.textContent = String(error);
    }
    answer.hidden = false;
    button.disabled = false;
  });
});

// A link to a call opens it, since it is folded up until then.
behaviours.add(".api-main", () => {
  const unfold = () => {
    const call = document.getElementById(location.hash.slice(1));
    if (call?.matches("details")) call.open = true;
  };
  addEventListener("hashchange", unfold);
  unfold();
});

function addressOf(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const input of form.querySelectorAll("input")) {
    if ("inPath" in input.dataset) path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else if (input.value) query.set(input.name, input.value);
  }
  return query.size ? `${path}?${query}` : path;
}

function requestOf(form) {
  const body = form.querySelector("[data-api-body]")?.value;
  const headers = { Authorization: `Bearer ${document.querySelector("[data-api-key]").value}` };
  if (body) headers["Content-Type"] = "application/json";
  return { method: form.dataset.method, headers, body, credentials: "omit" };
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
