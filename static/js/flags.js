// What flags look like: marks in the texts and, below each response, a list that reads like sentences.
import { draw, unitOf } from "./offsets.js";

let lit = null; // key of the flag that is lit up

const layers = () => [...document.querySelectorAll("[data-layer]")];
export const layerOf = (response) => layers().find((one) => one.dataset.response === String(response));
export const passageOf = (id) => layers().find((one) => one.dataset.passage === String(id));
export const labelOf = (name, value) => document.querySelector(`[data-flagbar] [data-${name}="${CSS.escape(value)}"]`)?.dataset.label || value;

/** Whether the flag marks words of this layer: of a response, or (programs do that) of a source. */
function isIn(layer, flag) {
  return layer.dataset.passage ? String(flag.passage ?? "") === layer.dataset.passage : !flag.passage && flag.response === layer.dataset.response;
}

const proves = (layer, flag) => Boolean(layer.dataset.passage) && String(flag.evidence) === layer.dataset.passage && flag.evidence_start != null;

/** Marks in every layer, and the list of flags below each response; `editing` is the key of the one that is open. */
export function render(flags, editing) {
  const open = [...document.querySelectorAll('[data-proposal][data-answer=""]')];
  for (const layer of layers()) {
    const text = layer.textContent;
    const mark = (flag, kind, name, start, end) => ({ id: flag.key, kind, name, start: unitOf(text, start), end: unitOf(text, end) });
    draw(layer, [
      ...flags.filter((flag) => isIn(layer, flag)).map((flag) => mark(flag, flag.kind, labelOf("kind", flag.kind), flag.start, flag.end)),
      ...flags.filter((flag) => proves(layer, flag)).map((flag) => mark(flag, "evidence", "Proof", flag.evidence_start, flag.evidence_end)),
      ...open.filter(({ dataset }) => dataset.response === layer.dataset.response).map(({ dataset }) => mark({ key: dataset.proposal }, "proposed", "Proposed", +dataset.start, +dataset.end)),
    ]);
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
  chip.textContent = labelOf("kind", flag.kind);
  item.querySelector(".said q").textContent = flag.quote;
  item.querySelector("[data-severity-text]").textContent = labelOf("severity", flag.severity || "");
  why(item.querySelector(".why"), flag);
  for (const control of item.querySelectorAll(".editing :is(input, select)")) {
    if (control.type === "radio") {
      control.name = `kind-${flag.key}`;
      control.checked = control.value === flag.kind;
    } else control.value = flag[control.name] ?? "";
  }
  item.querySelector(".proof").hidden = !flag.evidence_quote;
  item.querySelector(".proof q").textContent = flag.evidence_quote;
  const words = item.querySelector("[data-prove]");
  if (words) words.disabled = !flag.evidence;
  item.querySelector(".editing").hidden = flag.key !== editing;
  const quote = [...flag.quote].length > 60 ? `${[...flag.quote].slice(0, 60).join("")}…` : flag.quote;
  const edit = item.querySelector("[data-edit]");
  edit.setAttribute("aria-expanded", String(flag.key === editing));
  edit.setAttribute("aria-label", `Change: ${chip.textContent}, “${quote}”`);
  item.querySelector("[data-remove]").setAttribute("aria-label", `Remove: ${chip.textContent}, “${quote}”`);
  return item;
}

/** Why, in words, and the source that shows it. */
function why(place, flag) {
  place.replaceChildren(flag.note || "");
  const named = (id, before) => {
    const title = passageOf(id)?.dataset.title;
    if (!title) return;
    const link = document.createElement("a");
    link.href = `#passage-${id}`;
    link.textContent = title;
    place.append(place.textContent ? " " : "", before, link);
  };
  if (flag.passage) named(flag.passage, "Words of ");
  if (flag.evidence) named(flag.evidence, "");
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
