// Ties each behaviour to the attribute that asks for it, now and in whatever htmx swaps in later.
const known = [];

export const behaviours = {
  /** Call `attach(element)` once for every element that matches `selector`. */
  add(selector, attach) {
    known.push({ selector, attach, seen: new WeakSet() });
  },

  /** Tie what was put into the page by other means than htmx. */
  awaken,

  start() {
    awaken(document);
    document.addEventListener("htmx:load", (event) => awaken(event.detail.elt));
  },
};

function awaken(root) {
  for (const { selector, attach, seen } of known) {
    const found = [...root.querySelectorAll(selector)];
    if (root.matches?.(selector)) found.unshift(root);
    for (const element of found) {
      if (seen.has(element)) continue;
      seen.add(element);
      attach(element);
    }
  }
}
