// Puts text where the cursor is: in a field, or in the editor that has taken a textarea's place.
export function insertInto(field, text) {
  if (field.matches("[data-editor]") && field.hidden) {
    field.dispatchEvent(new CustomEvent("editor:insert", { detail: text }));
    return;
  }
  field.focus();
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
