// data-click-map: draws how many people followed each link over the mail that was sent. Links lead to “#link-3”.
import { behaviours } from "../behaviours.js";

behaviours.add("[data-click-map]", (map) => {
  const frame = map.querySelector("iframe");
  const layer = map.querySelector("[data-click-layer]");
  const places = new Map(JSON.parse(map.querySelector("script").textContent).map((place) => [place.number, place]));
  const most = Math.max(1, ...[...places.values()].map((place) => place.people));

  // Where figures stand beside words, by link.
  const rooms = new Map();

  const draw = () => {
    const mail = frame.contentDocument;
    if (!mail?.body) return;
    // A short mail scrolls over the whole of its frame, so that its own box says how high it is.
    frame.style.height = `${Math.ceil(mail.documentElement.getBoundingClientRect().height)}px`;
    layer.replaceChildren();
    for (const anchor of mail.querySelectorAll('a[href^="#link-"]')) {
      const place = places.get(Number(anchor.getAttribute("href").slice(6)));
      if (place) layer.append(...outlines(anchor).map((box, index) => spot(place, box, most, index > 0, rooms.get(anchor))));
    }
  };

  const attach = () => {
    // Looked at, never followed.
    frame.contentDocument.addEventListener("click", (event) => event.target.closest("a") && event.preventDefault());
    rooms.clear();
    for (const anchor of frame.contentDocument.querySelectorAll('a[href^="#link-"]')) if (isWords(anchor)) rooms.set(anchor, roomAfter(anchor));
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

// Whether a link runs along in a sentence; a picture and a button stand alone.
function isWords(anchor) {
  return anchor.ownerDocument.defaultView.getComputedStyle(anchor).display === "inline" && !anchor.querySelector("img");
}

// The figure would lie on the words around it, so the mail makes room for it after the link.
function roomAfter(anchor) {
  const room = anchor.ownerDocument.createElement("span");
  // With this character no line breaks between the link and its figure.
  room.textContent = "\u2060";
  room.style.paddingInlineEnd = "54px";
  anchor.after(room);
  return room;
}

// What a link covers: each of its lines, or all of it when it is a picture or a button.
function outlines(anchor) {
  if (isWords(anchor)) return [...anchor.getClientRects()].filter((box) => box.width && box.height);
  const boxes = [anchor, ...anchor.querySelectorAll("*")].flatMap((one) => [...one.getClientRects()]).filter((box) => box.width && box.height);
  if (!boxes.length) return boxes;
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const width = Math.max(...boxes.map((box) => box.right)) - left;
  return [{ left, top, width, height: Math.max(...boxes.map((box) => box.bottom)) - top }];
}

function spot(place, box, most, isFurther, room) {
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
  if (room) {
    const { left, top, height } = room.getBoundingClientRect();
    figure.className = "is-in-line";
    Object.assign(figure.style, { left: `${left - box.left}px`, top: `${top - box.top + height / 2}px` });
  }
  const words = document.createElement("span");
  words.className = "visually-hidden";
  words.textContent = ` of those who clicked followed ${place.url}: ${place.words}`;
  link.append(figure, words);
  return link;
}
