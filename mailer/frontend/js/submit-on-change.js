// data-submit-on-change on a form: a filter applies as soon as it is chosen.
import { behaviours } from "../behaviours.js";

behaviours.add("form[data-submit-on-change]", (form) => {
  form.addEventListener("change", (event) => {
    if (event.target.matches("select, [type=checkbox], [type=radio], [type=date]")) form.requestSubmit();
  });
});
