// A flash leaves by its button; good news also by itself, unless someone is reading it or can undo it.
import { behaviours } from "../behaviours.js";

const STAY = 6000;

behaviours.add(".flash", (flash) => {
  flash.querySelector(".flash-close").addEventListener("click", () => flash.remove());
  if (!flash.matches(".is-success, .is-info") || flash.querySelector("form")) return;

  let timer;
  const wait = () => (timer = setTimeout(() => flash.remove(), STAY));
  const hold = () => clearTimeout(timer);
  for (const name of ["mouseenter", "focusin"]) flash.addEventListener(name, hold);
  for (const name of ["mouseleave", "focusout"]) flash.addEventListener(name, wait);
  wait();
});
