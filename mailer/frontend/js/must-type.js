// data-must-type="1204" on an input: its form's submit button wakes only when exactly that was typed.
import { behaviours } from "../behaviours.js";

behaviours.add("[data-must-type]", (input) => {
  const button = input.form.querySelector("[type=submit]");
  const judge = () => {
    button.disabled = input.value.replace(/[\s.,'’]/g, "") !== input.dataset.mustType;
  };
  input.addEventListener("input", judge);
  judge();
});
