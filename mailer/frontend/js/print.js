// data-print: prints the page.
import { behaviours } from "../behaviours.js";

behaviours.add("[data-print]", (button) => button.addEventListener("click", () => window.print()));
