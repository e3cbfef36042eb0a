// data-stage: the preview of a mail. Its width, its text part, whom it is for; it comes again whenever the draft is saved.
import { behaviours } from "../behaviours.js";

behaviours.add("[data-stage]", (stage) => {
  const frame = stage.querySelector("iframe");
  let reader = "";
  let isText = false;
  let scroll = 0;

  const show = () => {
    scroll = frame.contentWindow?.scrollY ?? 0;
    const url = new URL(isText ? frame.dataset.textSrc : frame.dataset.src, location.href);
    if (reader) url.searchParams.set("reader", reader);
    // replace, so that the browser's history keeps the pages and not every preview.
    frame.contentWindow.location.replace(url);
  };

  frame.addEventListener("load", () => {
    frame.contentWindow.scrollTo(0, scroll);
    // A preview leads nowhere.
    frame.contentDocument.addEventListener("click", (event) => event.target.closest("a") && event.preventDefault());
  });

  stage.addEventListener("click", (event) => {
    const button = event.target.closest("[data-stage-width]");
    if (!button) return;
    for (const one of stage.querySelectorAll("[data-stage-width]")) one.setAttribute("aria-pressed", String(one === button));
    stage.dataset.width = button.dataset.stageWidth;
    const wantsText = button.dataset.stageWidth === "text";
    if (wantsText === isText) return;
    isText = wantsText;
    show();
  });

  stage.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-reader]");
    if (!chosen) return;
    reader = chosen.dataset.reader;
    for (const name of document.querySelectorAll("[data-reader-name]")) name.textContent = chosen.dataset.name;
    for (const input of document.querySelectorAll("[data-reader-input]")) input.value = reader;
    chosen.closest("[popover]").hidePopover();
    show();
  });

  // A preview that nobody sees waits until somebody does.
  let isSeen = true;
  let isStale = false;
  new IntersectionObserver(([{ isIntersecting }]) => {
    isSeen = isIntersecting;
    if (isSeen && isStale) show();
    if (isSeen) isStale = false;
  }).observe(stage);
  document.addEventListener("draft:saved", () => {
    if (isSeen) show();
    else isStale = true;
  });
});
