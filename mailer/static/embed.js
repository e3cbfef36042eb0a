/* Mailer: shows a sign-up form on any site, in its place, as a pop-up, a slide-in or a bar. No cookies; the day on which
   it was last closed or sent is kept in the visitor's own browser and never leaves it. */
(() => {
  const script = document.currentScript;
  const { form, show = "inline", when = "time", amount = "10", again = "7", lang = "" } = script.dataset;
  const origin = new URL(script.src).origin;
  const memory = `mailer-form-${form}`;
  const DAY_MS = 86_400_000;

  const source = () => {
    const here = new URL(location.href);
    const told = new URLSearchParams({ embed: show === "inline" ? "1" : "box", page: here.origin + here.pathname, referrer: document.referrer });
    for (const [name, value] of here.searchParams) if (name.startsWith("utm_")) told.set(name, value);
    if (lang) told.set("lang", lang);
    return told;
  };

  const frame = document.createElement("iframe");
  frame.src = `${origin}/s/${form}?${source()}`;
  frame.title = script.dataset.title || "Sign-up form";
  frame.loading = "lazy";
  Object.assign(frame.style, { width: "100%", border: "0", display: "block", height: "24rem", colorScheme: "normal" });
  let loads = 0;
  frame.addEventListener("load", () => (loads += 1) > 1 && remember());
  addEventListener("message", (event) => {
    if (event.origin !== origin || event.source !== frame.contentWindow) return;
    if (event.data?.mailerHeight > 0) frame.style.height = `${Math.ceil(event.data.mailerHeight)}px`;
  });

  const remember = () => {
    try {
      localStorage.setItem(memory, String(Date.now()));
    } catch {
      /* A browser that keeps nothing shows the form again. */
    }
  };
  const wasShownLately = () => {
    try {
      return Date.now() - Number(localStorage.getItem(memory) || 0) < Number(again) * DAY_MS;
    } catch {
      return false;
    }
  };

  if (show === "inline") {
    frame.loading = "eager";
    script.after(frame);
    return;
  }
  if (wasShownLately()) return;

  const places = {
    popup: { inset: "0", margin: "auto", width: "min(32rem, calc(100vw - 2rem))", height: "fit-content", maxHeight: "90vh" },
    slidein: { insetBlockEnd: "1rem", insetInlineEnd: "1rem", width: "min(24rem, calc(100vw - 2rem))", maxHeight: "80vh" },
    bar: { insetInline: "0", insetBlockEnd: "0", width: "100%", maxHeight: "60vh" },
  };
  const open = () => {
    const isModal = show === "popup";
    const box = document.createElement("dialog");
    box.setAttribute("aria-label", frame.title);
    Object.assign(box.style, {
      position: "fixed", inset: "auto", margin: "0", padding: "0", boxSizing: "border-box", maxWidth: "none",
      overflow: "auto", border: "0", borderRadius: show === "bar" ? "0" : "16px", background: "none", outline: "none",
      boxShadow: "0 8px 40px rgb(0 0 0 / 30%)", zIndex: "2147483000", ...places[show],
    });
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "×";
    close.setAttribute("aria-label", "Close");
    Object.assign(close.style, {
      position: "absolute", insetBlockStart: "0.25rem", insetInlineEnd: "0.25rem", width: "2.75rem", height: "2.75rem",
      border: "0", background: "none", color: "#767676", font: "1.5rem/1 system-ui", cursor: "pointer",
    });
    close.addEventListener("click", () => box.close());
    box.addEventListener("close", () => {
      remember();
      box.remove();
    });
    box.append(close, frame);
    document.body.append(box);
    // Who writes something on the page goes on writing: only a pop-up takes the focus.
    if (isModal) {
      // The box itself, and not its first button, has the focus at first.
      box.tabIndex = -1;
      box.autofocus = true;
      box.showModal();
    } else box.open = true;
  };

  let isOpen = false;
  const once = () => {
    if (isOpen) return;
    isOpen = true;
    open();
  };
  const triggers = {
    time: () => setTimeout(once, Number(amount) * 1000),
    scroll: () =>
      addEventListener("scroll", () => {
        const page = document.documentElement;
        if ((scrollY + innerHeight) / page.scrollHeight >= Number(amount) / 100) once();
      }, { passive: true }),
    exit: () => document.addEventListener("mouseout", (event) => event.clientY <= 0 && !event.relatedTarget && once()),
  };
  (triggers[when] ?? triggers.time)();
})();
