// data-guess-zone on a select that still says UTC: chooses the zone that the browser is in.
import { behaviours } from "../behaviours.js";

behaviours.add("select[data-guess-zone]", (select) => {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const known = [...select.options].some((option) => option.value === timeZone);
  if (known && select.value === "UTC") select.value = timeZone;
});
