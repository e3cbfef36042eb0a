// data-choose-picture="logo_src" on a button: the address of a picture of the library goes into that field, and what it
// shows into the one that data-alt names; an editor gets the whole picture, as its language writes one.
import { behaviours } from "../behaviours.js";
import { PictureChooser } from "../composer/picture-chooser.js";
import { insertInto } from "./insert.js";

const quoted = (words) => words.replaceAll("&", "&amp;").replaceAll('"', "&quot;");

const WRITTEN = {
  markdown: ({ src, alt }) => `![${alt.replaceAll(/[[\]]/g, "")}](${src})`,
  html: ({ src, alt, width }) => `<img src="${src}" alt="${quoted(alt)}" width="${width}" style="max-width:100%;height:auto">`,
  mjml: ({ src, alt, width }) => `<mj-image src="${src}" alt="${quoted(alt)}" width="${width}px" />`,
};

let chooser;

behaviours.add("[data-choose-picture]", (button) => {
  const named = (name) => document.querySelector(`[name="${name}"]`);
  button.addEventListener("click", () => {
    const { choosePicture, alt } = button.dataset;
    const field = named(choosePicture);
    chooser ??= new PictureChooser(document.getElementById("choose-picture"));
    chooser.ask((picture) => {
      const write = WRITTEN[field.dataset.editor];
      if (write) return insertInto(field, write(picture));
      field.value = picture.src;
      if (alt && !named(alt).value) named(alt).value = picture.alt;
      field.focus();
    });
  });
});
