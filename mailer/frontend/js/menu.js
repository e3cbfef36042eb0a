// data-menu on a button with popovertarget: places the menu under its button and lets arrow keys walk it.
import { behaviours } from "../behaviours.js";

const GAP = 4;

behaviours.add("[data-menu]", (button) => {
  const menu = document.getElementById(button.getAttribute("popovertarget"));

  menu.addEventListener("toggle", (event) => {
    const open = event.newState === "open";
    button.setAttribute("aria-expanded", String(open));
    if (open) items(menu)[0]?.focus({ preventScroll: true, focusVisible: false });
  });
  menu.addEventListener("beforetoggle", (event) => {
    if (event.newState === "open") requestAnimationFrame(() => place(menu, button));
  });
  menu.addEventListener("keydown", (event) => walk(event, menu));
  menu.addEventListener("click", (event) => {
    if (event.target.closest(".menu-item")) menu.hidePopover();
  });
});

function place(menu, button) {
  const from = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = from.bottom + GAP + height <= innerHeight || from.top < height;
  const left = from.left + width <= innerWidth - GAP ? from.left : from.right - width;

  menu.style.top = `${below ? from.bottom + GAP : from.top - GAP - height}px`;
  menu.style.left = `${Math.max(GAP, left)}px`;
}

function walk(event, menu) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const all = items(menu);
  const next = all.indexOf(document.activeElement) + step;
  all[(next + all.length) % all.length]?.focus();
}

function items(menu) {
  return [...menu.querySelectorAll(".menu-item:not(:disabled)")];
}
