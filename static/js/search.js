// Search in the item on the desk: every hit is painted, Enter goes to the next one, Escape leaves. Nothing is changed in
// the texts: the Highlight API paints ranges, so that offsets and marks stay as they are.
import { gettext } from "./gettext.js";
import { open as unfold } from "./long.js";

const PLACES = "#item :is(.turn .plain, .layer, .formatted, .diffed)";
let hits = [];
let at = -1;

const guide = () => document.querySelector("#item details[open] > .guide"); // while it is open, it is what is searched
const box = () => document.querySelector("[data-find-here]");
const shown = (element) => element.getClientRects().length || element.closest("details:not([open])");

function rangesIn(place, words) {
  const walker = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
  const nodes = [];
  let text = "";
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    nodes.push({ node, from: text.length });
    text += node.data;
  }
  const low = text.toLowerCase();
  if (low.length !== text.length) return []; // letters that change their length: rare enough to be left to the browser
  const found = [];
  for (let start = low.indexOf(words); start >= 0 && found.length < 500; start = low.indexOf(words, start + words.length)) {
    const range = document.createRange();
    const point = (unit) => nodes.findLast((one) => one.from <= unit);
    const [first, last] = [point(start), point(start + words.length - 1)];
    range.setStart(first.node, start - first.from);
    range.setEnd(last.node, start + words.length - last.from);
    found.push(range);
  }
  return found;
}

function paint() {
  if (!globalThis.Highlight) return;
  CSS.highlights.set("found", new Highlight(...hits));
  CSS.highlights.set("found-here", new Highlight(...hits.slice(at, at + 1)));
}

function look() {
  const words = box().querySelector("input").value.trim().toLowerCase();
  const places = guide() ? [guide()] : [...document.querySelectorAll(PLACES)].filter(shown);
  hits = words ? places.flatMap((place) => rangesIn(place, words)) : [];
  at = -1;
  if (hits.length) go(1);
  else paint();
  box().querySelector("output").textContent = words && !hits.length ? gettext("not here") : count();
}

const count = () => (hits.length ? gettext("%(n)s of %(all)s", { n: at + 1, all: hits.length }) : "");

function go(step) {
  if (!hits.length) return;
  at = (at + step + hits.length) % hits.length;
  const place = hits[at].startContainer.parentElement;
  for (let fold = place.closest("details:not([open])"); fold; fold = fold.parentElement.closest("details:not([open])")) fold.open = true;
  unfold(place.closest("[data-long]"));
  place.scrollIntoView({ block: "center" });
  paint();
  box().querySelector("output").textContent = count();
}

/** The box lies over the top of the page while it is used. */
function show(isOpen) {
  box().hidden = !isOpen;
  const field = box().querySelector("input");
  if (isOpen) {
    field.placeholder = field.ariaLabel = guide() ? gettext("Search the guideline") : gettext("Search this item");
    field.focus();
    field.select();
    return;
  }
  field.value = "";
  look();
  (guide() || document.querySelector("#review-form .q.active"))?.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  if (!box()) return;
  if (event.target.closest("[data-find-open]")) show(true);
  else if (event.target.closest("[data-find-close]")) show(false);
  else if (event.target.closest("[data-find-step]")) go(Number(event.target.closest("[data-find-step]").dataset.findStep));
});
document.addEventListener("input", (event) => { if (event.target.closest("[data-find-here]")) look(); });
document.addEventListener("submit", (event) => { if (event.target.matches("[data-find-here]")) event.preventDefault(); });
document.addEventListener("keydown", (event) => {
  if (!event.target.closest?.("[data-find-here]")) return;
  if (event.key === "Enter" && event.target.matches("input")) {
    event.preventDefault();
    go(event.shiftKey ? -1 : 1);
  } else if (event.key === "Escape") show(false);
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id === "item" && box()) look();
});
