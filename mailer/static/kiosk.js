// A form on a device that many people use: empty again after each of them; what cannot be sent now is kept on the device and
// sent later. Each sign-up has a key, so that one that was sent twice is one. What is refused when it is sent later is kept for
// staff, who mend or discard it.
(() => {
  const kiosk = document.querySelector("[data-kiosk]");
  // The page that asks for the number has nothing to do here.
  if (!kiosk) return;
  const form = kiosk.querySelector("[data-sign-up]");
  const thanks = kiosk.querySelector("[data-thanks]");
  const problem = kiosk.querySelector("[data-problem]");
  const waiting = document.querySelector("[data-waiting]");
  const staff = document.querySelector(".kiosk-staff details");
  const ending = document.querySelector("[data-end]");
  const endProblem = document.querySelector("[data-end-problem]");
  const refused = document.querySelector("[data-refused]");
  const url = kiosk.dataset.kiosk;
  const memory = `mailer-kiosk-${location.pathname}`;
  const THANKS_MS = 8_000;
  const IDLE_MS = 90_000;
  const RETRY_MS = 20_000;

  const post = (address, body) =>
    fetch(address, { method: "POST", body, headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json" } });

  // --- What waits on this device ---

  const stored = (name) => JSON.parse(localStorage.getItem(name) || "[]");
  const queue = () => stored(memory);
  const refusals = () => stored(`${memory}-refused`);
  const tellCounts = () => {
    const count = queue().length + refusals().length;
    waiting.textContent = count ? `(${count})` : "";
    refused.querySelector("[data-look]").hidden = !refusals().length;
  };
  const keep = (entries) => {
    localStorage.setItem(memory, JSON.stringify(entries));
    tellCounts();
  };
  const keepRefusals = (entries) => {
    localStorage.setItem(`${memory}-refused`, JSON.stringify(entries));
    tellCounts();
  };
  const firstOf = async (answer) => Object.values((await answer.json()).errors)[0];
  const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  let isSending = false;
  const sendWhatWaits = async () => {
    if (isSending) return;
    isSending = true;
    try {
      for (const body of queue()) {
        const entry = new URLSearchParams(body);
        // The kiosk may have been opened anew since; and whoever typed the address has gone, so it is meant as it stands.
        entry.set("pass", form.elements.pass.value);
        entry.set("meant", entry.get("email"));
        const answer = await post(url, entry.toString());
        if (!answer.ok && answer.status !== 422) break;
        // What cannot be taken would keep all others waiting.
        if (!answer.ok) keepRefusals([...refusals(), { body, reason: await firstOf(answer) }]);
        keep(queue().filter((other) => other !== body));
      }
    } catch {
      /* Still away: tried again later. */
    }
    isSending = false;
  };
  addEventListener("online", sendWhatWaits);
  setInterval(sendWhatWaits, RETRY_MS);

  // --- One person after the other ---

  let next;
  // The refused sign-up that staff are mending.
  let mended = null;
  const clear = () => {
    clearTimeout(next);
    mended = null;
    hideRefused();
    form.reset();
    ending.reset();
    form.elements.meant.value = "";
    endProblem.textContent = "";
    staff.open = false;
    problem.hidden = thanks.hidden = true;
    form.hidden = false;
    scrollTo(0, 0);
  };
  const thank = () => {
    if (mended) keepRefusals(refusals().filter((each) => each.body !== mended));
    // At once: nobody shall find what somebody else typed.
    clear();
    form.hidden = true;
    thanks.hidden = false;
    next = setTimeout(clear, THANKS_MS);
  };
  // Who comes next need not wait.
  thanks.addEventListener("click", clear);
  const tell = (sentence) => {
    problem.textContent = sentence;
    problem.hidden = false;
    problem.scrollIntoView({ block: "nearest" });
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form));
    body.set("key", newKey());
    try {
      const answer = await post(url, body.toString());
      if (answer.status === 422) {
        tell(await firstOf(answer));
        // Pressed once more, the address is meant as it stands.
        form.elements.meant.value = form.elements.email.value.trim();
        return;
      }
      if (!answer.ok) throw new Error(answer.statusText);
    } catch {
      // Without the server only the browser can say what is missing.
      if (!form.checkValidity()) {
        form.reportValidity();
        return;
      }
      keep([...queue(), body.toString()]);
    }
    thank();
  });

  let idle;
  const wakeUp = () => {
    clearTimeout(idle);
    idle = setTimeout(clear, IDLE_MS);
  };
  for (const kind of ["input", "pointerdown"]) addEventListener(kind, wakeUp);

  // --- For staff ---

  const hideRefused = () => {
    refused.querySelector("[data-entries]").replaceChildren();
    refused.querySelector("[data-list]").hidden = true;
  };
  const mend = (body) => {
    clear();
    mended = body;
    for (const [name, value] of new URLSearchParams(body)) {
      for (const input of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (input.type === "checkbox" || input.type === "radio") input.checked ||= input.value === value;
        else if (name !== "pass") input.value = value;
      }
    }
    form.elements.email.focus();
  };
  const showRefused = () => {
    hideRefused();
    const list = refused.querySelector("[data-entries]");
    for (const { body, reason } of refusals()) {
      const entry = refused.querySelector("template").content.cloneNode(true);
      entry.querySelector("[data-who]").textContent = new URLSearchParams(body).get("email");
      entry.querySelector("[data-why]").textContent = reason;
      entry.querySelector("[data-mend]").addEventListener("click", () => mend(body));
      entry.querySelector("[data-discard]").addEventListener("click", () => {
        keepRefusals(refusals().filter((each) => each.body !== body));
        if (refusals().length) showRefused();
        else hideRefused();
      });
      list.append(entry);
    }
    refused.querySelector("[data-list]").hidden = false;
  };

  ending.addEventListener("submit", async (event) => {
    event.preventDefault();
    const isLook = event.submitter?.hasAttribute("data-look");
    try {
      const typed = new URLSearchParams(new FormData(ending)).toString();
      const answer = await post(isLook ? event.submitter.formAction : ending.action, typed);
      if (answer.ok && isLook) {
        endProblem.textContent = "";
        showRefused();
      } else if (answer.ok) {
        if (document.fullscreenElement) await document.exitFullscreen();
        await forget();
        location.replace(location.href);
        return;
      } else {
        endProblem.textContent = answer.status === 403 ? (await answer.json()).message : "Too many tries; wait some minutes.";
      }
    } catch {
      endProblem.textContent = "The number can be checked only with a network.";
    }
    ending.reset();
  });

  // --- Staying here ---

  // Back leads here again.
  history.pushState(null, "");
  addEventListener("popstate", () => history.pushState(null, ""));

  // A browser lets a page fill the screen, and keep it lit, only when somebody touches it.
  document.addEventListener("pointerup", () => {
    if (!document.fullscreenElement) document.documentElement.requestFullscreen?.().catch(() => {});
    navigator.wakeLock?.request("screen").catch(() => {});
  });

  // Loaded again without a network, it comes from the device. Browsers allow that over https only.
  // Once it was ended, the device shows it no more.
  const forget = async () => {
    if (!("serviceWorker" in navigator)) return;
    await (await caches.open("mailer-kiosk")).delete(location.href);
    await (await navigator.serviceWorker.getRegistration())?.unregister();
  };
  if ("serviceWorker" in navigator) {
    const parts = [...document.querySelectorAll("link[rel=stylesheet]"), ...document.scripts].map((part) => part.href || part.src);
    caches
      .open("mailer-kiosk")
      .then((cache) => cache.addAll([location.href, ...parts.filter(Boolean)]))
      .then(() => navigator.serviceWorker.register(kiosk.dataset.worker, { scope: location.pathname }))
      .catch(() => {});
  }

  keep(queue());
  sendWhatWaits();
})();
