// What flags look like: marks in the texts and, below each response, a list that reads like sentences.
import { gettext } from "./gettext.js";
import { draw, unitsOf } from "./offsets.js";

let lit = null; // key of the flag that is lit up

const layers = () => [...document.querySelectorAll("[data-layer]")];
export const layerOf = (response) => layers().find((one) => one.dataset.response === String(response));
export const passageOf = (id) => layers().find((one) => one.dataset.passage === String(id));
export const labelOf = (name, value) => document.querySelector(`[data-flagbar] [data-${name}="${CSS.escape(value)}"]`)?.dataset.label || value;
let labels = new Map(); // while one rendering lasts: many flags share few kinds

function named(name, value) {
  const key = `${name} ${value}`;
  if (!labels.has(key)) labels.set(key, labelOf(name, value));
  return labels.get(key);
}

/** Whether the flag marks words of this layer: of a response, or (programs do that) of a source. */
function isIn(layer, flag) {
  return layer.dataset.passage ? String(flag.passage ?? "") === layer.dataset.passage : !flag.passage && flag.response === layer.dataset.response;
}

const proves = (layer, flag) => Boolean(layer.dataset.passage) && String(flag.evidence) === layer.dataset.passage && flag.evidence_start != null;

/** Marks in every layer, and the list of flags below each response; `editing` is the key of the one that is open. */
export function render(flags, editing) {
  labels = new Map();
  const open = [...document.querySelectorAll('[data-proposal][data-answer=""]')];
  for (const layer of layers()) {
    const mark = (flag, kind, name, start, end) => ({ id: flag.key, kind, name, start, end });
    const marks = [
      ...flags.filter((flag) => isIn(layer, flag)).map((flag) => mark(flag, flag.kind, named("kind", flag.kind), flag.start, flag.end)),
      ...flags.filter((flag) => proves(layer, flag)).map((flag) => mark(flag, "evidence", gettext("Proof"), flag.evidence_start, flag.evidence_end)),
      ...open.filter(({ dataset }) => dataset.response === layer.dataset.response).map(({ dataset }) => mark({ key: dataset.proposal }, "proposed", gettext("Proposed"), +dataset.start, +dataset.end)),
    ];
    const units = unitsOf(layer.textContent, marks.flatMap(({ start, end }) => [start, end]));
    draw(layer, marks.map((one) => ({ ...one, start: units.get(one.start), end: units.get(one.end) })));
  }
  for (const list of document.querySelectorAll("[data-flags-of]")) {
    const own = flags.filter((flag) => flag.response === list.dataset.flagsOf);
    own.sort((a, b) => Number(Boolean(a.passage)) - Number(Boolean(b.passage)) || a.start - b.start);
    list.replaceChildren(...own.map((flag) => line(flag, editing)));
  }
  light(lit);
}

/** The flag under the pointer is lit up, else the one in focus. */
export function lightUp(event) {
  const line = event.target.closest("[data-flag]") || document.activeElement?.closest("[data-flag]");
  const key = line?.dataset.flag ?? document.activeElement?.dataset.jumpedFrom ?? null;
  if (key !== lit) light(key);
}

function line(flag, editing) {
  const item = document.querySelector("#flag-template").content.firstElementChild.cloneNode(true);
  item.dataset.flag = flag.key;
  const chip = item.querySelector(".chip");
  chip.dataset.kind = flag.kind;
  chip.textContent = named("kind", flag.kind);
  item.querySelector(".said q").textContent = flag.quote;
  item.querySelector("[data-severity-text]").textContent = named("severity", flag.severity || "");
  why(item.querySelector(".why"), flag);
  controls(item.querySelector(".editing"), flag, flag.key === editing);
  const quote = [...flag.quote].length > 60 ? `${[...flag.quote].slice(0, 60).join("")}…` : flag.quote;
  const edit = item.querySelector("[data-edit]");
  edit.setAttribute("aria-expanded", String(flag.key === editing));
  edit.setAttribute("aria-label", gettext("Change: %(kind)s, “%(quote)s”", { kind: chip.textContent, quote }));
  item.querySelector("[data-remove]").setAttribute("aria-label", gettext("Remove: %(kind)s, “%(quote)s”", { kind: chip.textContent, quote }));
  return item;
}

/** Only the open flag has its controls: those of hundreds would slow every key down. */
function controls(place, flag, isOpen) {
  if (!isOpen) return place.remove();
  place.hidden = false;
  for (const control of place.querySelectorAll("input, select")) {
    if (control.type === "radio") {
      control.name = `kind-${flag.key}`;
      control.checked = control.value === flag.kind;
    } else control.value = flag[control.name] ?? "";
  }
  place.querySelector(".proof").hidden = !flag.evidence_quote;
  place.querySelector(".proof q").textContent = flag.evidence_quote;
  const words = place.querySelector("[data-prove]");
  if (words) words.disabled = !flag.evidence;
}

/** Why, in words, and the source that shows it. */
function why(place, flag) {
  place.replaceChildren(flag.note || "");
  const from = (id, words) => {
    const title = passageOf(id)?.dataset.title;
    if (!title) return;
    const [before, after] = words.split("\n");
    const link = document.createElement("a");
    link.href = `#passage-${id}`;
    link.textContent = title;
    place.append(place.textContent ? " " : "", before, link, after);
  };
  if (flag.passage) from(flag.passage, gettext("Words of %(title)s", { title: "\n" }));
  if (flag.evidence) from(flag.evidence, "\n");
}

/** Light up what belongs to one flag: its words, its proof. */
export function light(key = null) {
  lit = key;
  for (const lit of document.querySelectorAll("#item .lit")) lit.classList.remove("lit");
  if (!key) return;
  for (const mark of document.querySelectorAll(`mark[data-flags="${key}"]`)) mark.classList.add("lit");
  document.querySelector(`[data-flag="${key}"]`)?.classList.add("lit");
}

/** From a flag to the words that show it (or its source), from there back. False when there is nowhere to go. */
export function jump(flags, key) {
  const here = document.activeElement;
  if (here?.matches("mark.evidence, .passage")) {
    const back = here.dataset.jumpedFrom || here.dataset.flags;
    document.querySelector(`[data-flag="${back}"] [data-edit]`)?.focus();
    return true;
  }
  const flag = flags.find((one) => one.key === key);
  if (!flag?.evidence) return false;
  const proof = document.querySelector(`mark.evidence[data-flags="${flag.key}"]`) || document.getElementById(`passage-${flag.evidence}`);
  proof.tabIndex = -1;
  proof.dataset.jumpedFrom = flag.key;
  light(flag.key);
  proof.focus({ preventScroll: true });
  proof.scrollIntoView({ block: "center" });
  return true;
}

/** To the flag after (or before) the one in focus, round about. */
export function step(by) {
  const all = [...document.querySelectorAll("#item [data-flag]")];
  if (!all.length) return false;
  const at = all.indexOf(document.activeElement?.closest("[data-flag]"));
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length];
  next.querySelector("[data-edit]").focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}
