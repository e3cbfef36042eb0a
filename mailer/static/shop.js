// Tells a newsletter's report what was ordered after a click in it. Stores nothing on the device:
// the click's token stands in the address of the page where the reader landed, and is handed on
// in the links of this site. With data-consent="yes" it is kept in a cookie of this site instead.
(() => {
  const NAME = "mailer_click", DAYS = 30;
  const script = document.currentScript, { order, value, currency, consent } = script.dataset;
  const kept = () => document.cookie.match(/(?:^|; )mailer_click=([\w.-]+)/)?.[1];
  const token = new URLSearchParams(location.search).get(NAME) || (consent === "yes" && kept());
  if (!token || !/^[\w.-]+$/.test(token)) return;
  if (consent === "yes") {
    document.cookie = `${NAME}=${token}; max-age=${DAYS * 86400}; path=/; samesite=lax`;
  } else {
    const carry = (url) => { url.searchParams.set(NAME, token); return url.href; };
    const isOurs = (url) => url.origin === location.origin;
    addEventListener("click", (event) => {
      const link = event.target.closest?.("a[href]");
      if (link && isOurs(new URL(link.href))) link.href = carry(new URL(link.href));
    }, true);
    addEventListener("submit", (event) => {
      const form = event.target;
      if (!isOurs(new URL(form.action))) return;
      if (form.method === "post") { form.action = carry(new URL(form.action)); return; }
      const field = form.elements[NAME] || form.appendChild(document.createElement("input"));
      Object.assign(field, { type: "hidden", name: NAME, value: token });
    }, true);
  }
  if (order && value && currency) {
    const body = JSON.stringify({ click: token, order, value, currency });
    fetch(new URL("/orders", script.src), { method: "POST", body, keepalive: true, credentials: "omit" }).catch(() => {});
  }
})();
