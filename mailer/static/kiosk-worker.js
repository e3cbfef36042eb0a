// Keeps the kiosk on the device: what the network does not bring comes from what was kept when it last did.
const NAME = "mailer-kiosk";

const fetched = async (request) => {
  const cache = await caches.open(NAME);
  try {
    const answer = await fetch(request);
    if (answer.status < 500) {
      if (answer.ok) await cache.put(request, answer.clone());
      return answer;
    }
  } catch {
    /* No network. */
  }
  return (await cache.match(request)) ?? Response.error();
};

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (event.request.method === "GET") event.respondWith(fetched(event.request));
});
