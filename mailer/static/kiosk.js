// A form on a device that many people use: empty again after each of them; what cannot be sent now is kept on the device and
// sent later. Each sign-up has a key, so that one that was sent twice is one.
(() => {
  const kiosk = document.querySelector("[data-kiosk]");
  const form = kiosk.querySelector("[data-sign-up]");
  const thanks = kiosk.querySelector("[data-thanks]");
  const problem = kiosk.querySelector("[data-problem]");
  const waiting = document.querySelector("[data-waiting]");
  const url = kiosk.dataset.kiosk;
  const memory = `mailer-kiosk-${url}`;
  const THANKS_MS = 8_000;
  const IDLE_MS = 90_000;
  const RETRY_MS = 20_000;

  const queue = () => JSON.parse(localStorage.getItem(memory) || "[]");
  const keep = (entries) => {
    localStorage.setItem(memory, JSON.stringify(entries));
    waiting.textContent = entries.length ? `(${entries.length})` : "";
  };
  const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const send = (body) =>
    fetch(url, { method: "POST", body, headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json" } });

  const clear = () => {
    form.reset();
    form.elements.meant.value = "";
    problem.hidden = thanks.hidden = true;
    form.hidden = false;
  };
  const thank = () => {
    form.hidden = true;
    thanks.hidden = false;
    setTimeout(clear, THANKS_MS);
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form));
    body.set("key", newKey());
    try {
      const answer = await send(body.toString());
      if (answer.status === 422 || answer.status === 403) {
        const { errors } = await answer.json();
        problem.textContent = Object.values(errors)[0];
        problem.hidden = false;
        // Pressed once more, the address is meant as it stands.
        form.elements.meant.value = form.elements.email.value.trim();
        return;
      }
      if (!answer.ok) throw new Error(answer.statusText);
    } catch {
      keep([...queue(), body.toString()]);
    }
    thank();
  });

  let isSending = false;
  const sendWhatWaits = async () => {
    if (isSending) return;
    isSending = true;
    try {
      for (const body of queue()) {
        const answer = await send(body);
        if (!answer.ok && answer.status !== 422) break;
        keep(queue().filter((other) => other !== body));
      }
    } catch {
      /* Still away: tried again later. */
    }
    isSending = false;
  };
  addEventListener("online", sendWhatWaits);
  setInterval(sendWhatWaits, RETRY_MS);
  sendWhatWaits();
  keep(queue());

  let idle;
  const wakeUp = () => {
    clearTimeout(idle);
    idle = setTimeout(clear, IDLE_MS);
  };
  for (const kind of ["input", "pointerdown"]) addEventListener(kind, wakeUp);
  document.addEventListener("click", () => document.documentElement.requestFullscreen?.().catch(() => {}), { once: true });
})();
