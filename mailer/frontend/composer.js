// The visual composer: a page of its own weight, loaded only where a design is written.
import "./css/visual.css";

import * as clipboard from "./composer/clipboard.js";
import { Canvas } from "./composer/canvas.js";
import { Deeds } from "./composer/deeds.js";
import { copyOf, newRow, partOf } from "./composer/document.js";
import { Drag } from "./composer/drag.js";
import { Frames } from "./composer/frames.js";
import { Inspector } from "./composer/inspector.js";
import { PictureChooser } from "./composer/picture-chooser.js";
import { requester } from "./composer/request.js";
import { SavedBlocks } from "./composer/saved-blocks.js";
import { Schema } from "./composer/schema.js";
import { Store } from "./composer/store.js";
import { TagMenu } from "./composer/tag-menu.js";
import { LABELS } from "./composer/wording.js";
import { Toast } from "./composer/toast.js";
import { Writer } from "./composer/writer.js";

const SAY_MS = 60;

function compose(root) {
  const part = (name) => root.querySelector(`[data-${name}]`);
  const given = JSON.parse(part("composer-data").textContent);
  const request = requester(given.csrf_token);
  const store = new Store(given.document);
  const labels = Object.fromEntries(given.palette.map(({ type, label }) => [type, label]));
  const tagMenu = new TagMenu(given.tags);
  const say = teller(part("announcements"));

  const canvas = new Canvas(part("canvas"), {
    store,
    render: (document, signal) => request(given.canvas_url, { design: document }, { signal }),
    wording: (error) => wordingOf(error, store.document, labels),
  });
  const deeds = new Deeds({
    store,
    say,
    labels,
    openWriter: (...what) => writer.open(...what),
    keepPart: (one) => saved.ask(one),
    offerUndo: (sentence) => toast.show(sentence),
  });
  const toast = new Toast(document.getElementById("flashes"), () => deeds.undo());
  // What the way back leads to is the last deed alone.
  store.addEventListener("change", () => toast.hide());
  const frames = new Frames(part("canvas"), { store, canvas, deeds, labels });
  const writer = new Writer({ store, canvas, frames, page: part("canvas-page"), labels, tagMenu });
  const add = (one) => {
    const id = deeds.add(one);
    store.select(id, { focus: true, again: true });
  };
  const drag = new Drag({
    root: part("canvas"),
    store,
    canvas,
    drop: (load, place) => {
      if (load.part) deeds.add(load.part, place);
      else if (drag.isElsewhere(load.id, place)) deeds.carry(load.id, place);
      store.select(load.part?.id ?? load.id, { focus: true, again: true });
    },
  });
  const saved = new SavedBlocks({ list: part("saved-blocks"), dialog: document.getElementById("keep-block"), url: given.saved_url, request, add, drag, say });
  const chooser = new PictureChooser(document.getElementById("choose-picture"));

  new Inspector({
    block: part("inspector"),
    style: part("style"),
    store,
    canvas,
    labels,
    context: {
      schema: new Schema(given.schema),
      colors: given.colors,
      layouts: given.layouts,
      values: given.values,
      choosePicture: (take) => chooser.ask(take),
      write: (id) => deeds.edit(id),
    },
  });

  offer(root, { given, drag, add });
  tools(root, { store, canvas, deeds, add, say });
  tabs(root, store);
  insertTags(root, tagMenu);
  clipboard.listen(root, {
    selected: () => store.selected && partOf(store.document, store.selected),
    removed: () => deeds.remove(store.selected),
    pasted: add,
  });
  dropPictures(part("canvas"), { chooser, add, say, block: given.blocks.image });
  document.addEventListener("block:show", (event) => {
    if (!partOf(store.document, event.detail.id)) return;
    event.preventDefault();
    store.select(event.detail.id, { focus: true, again: true });
  });

  // The form saves itself; the document travels in one of its fields.
  const field = document.getElementById(root.dataset.field);
  store.addEventListener("change", () => {
    field.value = JSON.stringify(store.document);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  field.addEventListener("editor:refresh", () => store.replace("another state of the mail", JSON.parse(field.value)));
  canvas.open();
}

/** What an error of the server's is about, in the words of the page: its ids say nothing to people. */
function wordingOf({ message, fields = {} }, document, labels) {
  for (const [path, sentence] of Object.entries(fields)) {
    const [id, property] = path.split(".");
    const found = partOf(document, id);
    if (!found && id !== "settings") continue;
    const name = !found ? "Style" : found.columns ? "Row" : (labels[found.type] ?? found.type);
    return { id: found?.id, words: `${name}${LABELS[property] ? `, ${LABELS[property].toLowerCase()}` : ""}: ${sentence}` };
  }
  return { words: message };
}

/** Sentences for screen readers, one after another; the same one twice is told twice. */
function teller(place) {
  return (sentence) => {
    place.textContent = "";
    setTimeout(() => (place.textContent = sentence), SAY_MS);
  };
}

function offer(root, { given, drag, add }) {
  const fresh = (item) => {
    const { offer: name, widths } = item.dataset;
    return widths ? newRow(widths.split(",").map(Number)) : copyOf(given.blocks[name]);
  };
  for (const list of root.querySelectorAll("[data-palette]")) {
    drag.from(list, (item) => ({ part: fresh(item), label: item.textContent.trim() }));
    list.addEventListener("click", (event) => {
      const item = event.target.closest("[data-offer]");
      if (item) add(fresh(item));
    });
  }
}

function tools(root, { store, canvas, deeds, add, say }) {
  const button = (name) => root.querySelector(`[data-tool=${name}]`);
  const update = () => {
    button("undo").disabled = !store.past.length;
    button("redo").disabled = !store.future.length;
  };
  store.addEventListener("change", update);
  update();
  button("undo").addEventListener("click", () => deeds.undo());
  button("redo").addEventListener("click", () => deeds.redo());
  button("paste").addEventListener("click", async () => {
    const part = await clipboard.paste();
    if (part) add(part);
    else say("There is no copied block.");
  });
  button("copy").addEventListener("click", async () => {
    if (!store.selected) return say("Choose a block first.");
    await clipboard.copy(partOf(store.document, store.selected));
    say("Copied.");
  });
  button("expand").addEventListener("click", ({ currentTarget }) => {
    const isWide = document.body.classList.toggle("is-composing");
    currentTarget.setAttribute("aria-pressed", String(isWide));
  });
  for (const one of root.querySelectorAll("[data-device]")) {
    if (!one.matches("button")) continue;
    one.addEventListener("click", () => {
      canvas.setDevice(one.dataset.device);
      for (const each of root.querySelectorAll("button[data-device]")) each.setAttribute("aria-pressed", String(each === one));
    });
  }
  button("dark").addEventListener("click", ({ currentTarget }) => {
    canvas.setDark(!canvas.isDark);
    currentTarget.setAttribute("aria-pressed", String(canvas.isDark));
  });
  root.addEventListener("keydown", (event) => {
    const isCommand = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (!isCommand || event.target.closest("[contenteditable=true], .cm-editor") || !["z", "y"].includes(key)) return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) deeds.redo();
    else deeds.undo();
  });
}

/** Choosing a part brings its fields to the front. */
function tabs(root, store) {
  store.addEventListener("select", ({ detail }) => {
    if (store.selected && detail.by !== "history") root.querySelector("#tab-side-block").click();
  });
}

/** A field that takes merge tags has a button for them. */
function insertTags(root, tagMenu) {
  let last = null;
  root.addEventListener("focusin", ({ target }) => {
    if (target.matches("[data-takes-tags]")) last = target;
  });
  root.querySelector("[data-tool=tag]").addEventListener("click", ({ currentTarget }) => {
    tagMenu.open(currentTarget, (tag) => {
      if (!last?.isConnected) return;
      last.setRangeText(tag, last.selectionStart, last.selectionEnd, "end");
      last.dispatchEvent(new Event("input", { bubbles: true }));
      last.focus();
    });
  });
}

/** A picture file that is dropped on the mail is uploaded and becomes a block. */
function dropPictures(canvas, { chooser, add, say, block }) {
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  canvas.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  canvas.addEventListener("drop", async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    for (const file of event.dataTransfer.files) {
      say(`Uploading ${file.name}.`);
      try {
        const { url, alt } = await chooser.upload(file);
        add({ ...copyOf(block), src: url, alt });
      } catch (error) {
        say(error.message);
      }
    }
  });
}

for (const root of document.querySelectorAll("[data-composer]")) compose(root);
