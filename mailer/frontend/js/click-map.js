// data-click-map: draws how many people followed each link over the mail that was sent. Links lead to “#link-3”.
import { behaviours } from "../behaviours.js";

behaviours.add("[data-click-map]", (map) => {
  const frame = map.querySelector("iframe");
  const layer = map.querySelector("[data-click-layer]");
  const places = new Map(JSON.parse(map.querySelector("script").textContent).map((place) => [place.number, place]));
  const most = Math.max(1, ...[...places.values()].map((place) => place.people));

  const draw = () => {
    const mail = frame.contentDocument;
    if (!mail?.body) return;
    frame.style.height = "0";
    frame.style.height = `${mail.documentElement.scrollHeight}px`;
    layer.replaceChildren();
    for (const anchor of mail.querySelectorAll('a[href^="#link-"]')) {
      const place = places.get(Number(anchor.getAttribute("href").slice(6)));
      if (place) layer.append(...outlines(anchor).map((box, index) => spot(place, box, most, index > 0)));
    }
  };

  const attach = () => {
    // Looked at, never followed.
    frame.contentDocument.addEventListener("click", (event) => event.target.closest("a") && event.preventDefault());
    for (const image of frame.contentDocument.images) if (!image.complete) image.addEventListener("load", draw, { once: true });
    draw();
  };

  frame.addEventListener("load", attach);
  if (frame.contentDocument?.readyState === "complete" && frame.contentDocument.URL !== "about:blank") attach();
  new ResizeObserver(draw).observe(layer.parentElement);

  map.addEventListener("click", (event) => {
    const button = event.target.closest("[data-map-width]");
    if (!button) return;
    for (const one of map.querySelectorAll("[data-map-width]")) one.setAttribute("aria-pressed", String(one === button));
    map.dataset.width = button.dataset.mapWidth;
  });
});

// What a link covers: each of its lines, or all of it when it is a picture or a button.
function outlines(anchor) {
  const boxes = [anchor, ...anchor.querySelectorAll("*")].flatMap((one) => [...one.getClientRects()]).filter((box) => box.width && box.height);
  if (!anchor.firstElementChild || !boxes.length) return boxes;
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const width = Math.max(...boxes.map((box) => box.right)) - left;
  return [{ left, top, width, height: Math.max(...boxes.map((box) => box.bottom)) - top }];
}

function spot(place, box, most, isFurther) {
  const link = document.createElement("a");
  link.className = "click-spot";
  link.href = place.href;
  link.title = `${place.words} – ${place.url}`;
  // Ten steps of heat: the security policy keeps styles in sheets, positions are the script's own.
  link.dataset.heat = String(Math.ceil((10 * place.people) / most));
  Object.assign(link.style, { left: `${box.left}px`, top: `${box.top}px`, width: `${box.width}px`, height: `${box.height}px` });
  // A further line of the same link says nothing new.
  if (isFurther) {
    link.tabIndex = -1;
    link.setAttribute("aria-hidden", "true");
    return link;
  }
  const figure = document.createElement("span");
  figure.textContent = place.share;
  const words = document.createElement("span");
  words.className = "visually-hidden";
  words.textContent = ` of those who clicked followed ${place.url}: ${place.words}`;
  link.append(figure, words);
  return link;
}
