// A form that came back with something wrong: the first field in question is where to go on.
import { behaviours } from "../behaviours.js";

behaviours.add("form:has([aria-invalid=true])", (form) => form.querySelector("[aria-invalid=true]").focus());
