// Marking stretches of a response: select (or choose words by key), flag, say why. Everything ends up in the hidden
// "spans" field as JSON; the server checks it again. Layers are plain text whose textContent is the canonical text.
import { draw, pointsBefore, rangeOfUnits, tidy, unitOf, unitsOfRange } from "./offsets.js";
import { mayAct, pressed } from "./typing.js";
import { WordChoice } from "./words.js";

const AROUND = 32; // code points of context stored before and after a quote
let flags = []; // what the form will send, plus `key`, which only this page uses
let editing = null; // key of the flag whose controls are open
let fresh = null; // key of a flag that Escape takes back
let words = null; // a WordChoice while words are chosen by keyboard
let nextKey = 1;

const form = () => document.getElementById("review-form");
const field = () => form()?.elements.spans;
const marking = () => Boolean(field() && document.querySelector("[data-flagbar]"));
const layerOf = (response) => document.querySelector(`[data-layer][data-response="${CSS.escape(String(response))}"]`);
const passageOf = (id) => document.querySelector(`[data-layer][data-passage="${CSS.escape(String(id))}"]`);
const say = (detail) => document.dispatchEvent(new CustomEvent("say", { detail }));
const labelOf = (name, value) => document.querySelector(`[data-flagbar] [data-${name}="${CSS.escape(value)}"]`)?.dataset.label || value;

/** The stretch as the server wants it, from UTF-16 units of a layer. */
function stretch(layer, [start, end]) {
  const text = layer.textContent;
  const points = [...text.slice(end)].slice(0, AROUND);
  return {
    start: pointsBefore(text, start), end: pointsBefore(text, end), quote: text.slice(start, end),
    prefix: [...text.slice(0, start)].slice(-AROUND).join(""), suffix: points.join(""),
  };
}

/** What is selected now: {layer, units} or null. */
function selected() {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  for (const layer of document.querySelectorAll("[data-layer]")) {
    const units = unitsOfRange(layer, range);
    const whole = units && tidy(layer.textContent, ...units);
    if (whole) return { layer, units: whole };
  }
  return null;
}

function store() {
  field().value = JSON.stringify(flags.map(({ key, ...flag }) => flag));
  form().dispatchEvent(new Event("change", { bubbles: true }));
}

function addFlag(kind) {
  const found = selected();
  if (!found?.layer.dataset.response) return;
  const key = String(nextKey++);
  const severity = document.querySelector("#flag-template")?.content.querySelector("[name=severity]")?.value || "";
  flags.push({
    key, response: found.layer.dataset.response, ...stretch(found.layer, found.units), text_hash: found.layer.dataset.hash,
    kind, severity, note: "", evidence: null, evidence_start: null, evidence_end: null, evidence_quote: "",
  });
  leaveWords();
  [editing, fresh] = [key, key];
  store();
  render();
  say(`Flagged as ${labelOf("kind", kind)}. Say how bad it is, and which source shows it.`);
  document.querySelector(`[data-flag="${key}"] .editing :checked`)?.focus();
}

function proveWith() {
  const found = selected();
  const flag = flags.find((one) => one.key === editing);
  if (!flag || !found?.layer.dataset.passage) return;
  const { start, end, quote } = stretch(found.layer, found.units);
  Object.assign(flag, { evidence: found.layer.dataset.passage, evidence_start: start, evidence_end: end, evidence_quote: quote });
  getSelection().removeAllRanges();
  store();
  render();
  document.querySelector(`[data-flag="${flag.key}"] [name=note]`)?.focus();
}

function remove(key) {
  const gone = flags.find((flag) => flag.key === key);
  flags = flags.filter((flag) => flag !== gone);
  [editing, fresh] = [null, null];
  store();
  render();
  say("Flag removed.");
  layerOf(gone.response)?.focus({ preventScroll: true });
}

function finish(key) {
  [editing, fresh] = [null, null];
  render();
  document.querySelector(`[data-flag="${key}"] [data-edit]`)?.focus({ preventScroll: true });
}

/** Draw marks in every layer and the list of flags below each response. */
function render() {
  for (const layer of document.querySelectorAll("[data-layer]")) {
    const text = layer.textContent;
    const unit = (point) => unitOf(text, point);
    const own = flags.filter((flag) => layer.dataset.response && flag.response === layer.dataset.response);
    const shown = flags.filter((flag) => layer.dataset.passage && String(flag.evidence) === layer.dataset.passage && flag.evidence_start !== null);
    draw(layer, [
      ...own.map((flag) => ({ id: flag.key, kind: flag.kind, name: labelOf("kind", flag.kind), start: unit(flag.start), end: unit(flag.end) })),
      ...shown.map((flag) => ({ id: flag.key, kind: "evidence", name: "Evidence", start: unit(flag.evidence_start), end: unit(flag.evidence_end) })),
    ]);
  }
  for (const list of document.querySelectorAll("[data-flags-of]")) {
    const own = flags.filter((flag) => flag.response === list.dataset.flagsOf).sort((a, b) => a.start - b.start);
    list.replaceChildren(...own.map(line));
  }
}

function line(flag) {
  const item = document.querySelector("#flag-template").content.firstElementChild.cloneNode(true);
  item.dataset.flag = flag.key;
  const chip = item.querySelector(".chip");
  chip.dataset.kind = flag.kind;
  chip.textContent = labelOf("kind", flag.kind);
  item.querySelector("q").textContent = flag.quote;
  item.querySelector("[data-severity-text]").textContent = labelOf("severity", flag.severity);
  why(item.querySelector(".why"), flag);
  for (const control of item.querySelectorAll(".editing :is(input, select)")) {
    if (control.type === "radio") {
      control.name = `kind-${flag.key}`;
      control.checked = control.value === flag.kind;
    } else control.value = flag[control.name] ?? "";
  }
  item.querySelector(".proof").hidden = !flag.evidence_quote;
  item.querySelector(".proof q").textContent = flag.evidence_quote;
  item.querySelector(".editing").hidden = flag.key !== editing;
  item.querySelector("[data-edit]").setAttribute("aria-expanded", String(flag.key === editing));
  return item;
}

function why(place, flag) {
  place.replaceChildren(flag.note);
  const title = flag.evidence && passageOf(flag.evidence)?.dataset.title;
  if (!title) return;
  const link = document.createElement("a");
  link.href = `#passage-${flag.evidence}`;
  link.textContent = title;
  place.append(flag.note ? " " : "", link);
}

function change(event) {
  const flag = flags.find((one) => one.key === event.target.closest("[data-flag]")?.dataset.flag);
  if (!flag) return;
  const name = event.target.type === "radio" ? "kind" : event.target.name;
  event.stopPropagation();
  flag[name] = event.target.value || (name === "evidence" ? null : "");
  if (name === "evidence") Object.assign(flag, { evidence_start: null, evidence_end: null, evidence_quote: "" });
  store();
  if (name === "note") return;
  const id = event.target.type === "radio" ? `[value="${CSS.escape(event.target.value)}"]` : `[name="${name}"]`;
  render();
  document.querySelector(`[data-flag="${flag.key}"] .editing ${id}`)?.focus();
}

// The small bar beside a selection: kinds for a response, "evidence" for a source while a flag is open.
function showBar() {
  const bar = document.querySelector("[data-flagbar]");
  if (!bar) return;
  const found = selected();
  const inResponse = Boolean(found?.layer.dataset.response);
  const inPassage = Boolean(found?.layer.dataset.passage && editing);
  bar.hidden = !(inResponse || inPassage);
  if (bar.hidden) return;
  for (const button of bar.querySelectorAll("[data-kind]")) button.hidden = !inResponse;
  bar.querySelector("[data-evidence]").hidden = !inPassage;
  const box = rangeOfUnits(found.layer, ...found.units).getBoundingClientRect();
  const frame = bar.offsetParent?.getBoundingClientRect() ?? { left: 0, top: 0 };
  bar.style.left = `${Math.max(8, Math.min(box.left, innerWidth - bar.offsetWidth - 16) - frame.left)}px`;
  const above = box.top - bar.offsetHeight - 8;
  bar.style.top = `${(above > 64 ? above : box.bottom + 8) - frame.top}px`;
}

function flagNow() {
  const formatted = document.querySelector("[data-formatted]:checked");
  if (formatted) formatted.click(); // marks are made in the plain text
  if (selected()?.layer.dataset.response) addFlag(document.querySelector("[data-flagbar] [data-kind]").dataset.kind);
  else {
    words = new WordChoice(document.querySelector("[data-layer][data-response]"));
    say("Choose words with the arrow keys. Shift extends, Enter flags, Escape leaves.");
  }
}

/** Keys outside of text boxes: `f` flags; on a flag Delete removes it, and `j` goes to its proof and back. */
function act(event) {
  const key = event.target.closest?.("[data-flag]")?.dataset.flag;
  if (pressed(event) === "f") flagNow();
  else if (key && event.key === "Delete") remove(key);
  else if (pressed(event) === "j") return jump(key);
  else return false;
  return true;
}

/** From a flag to the words of the source that show it, from there back to the flag. */
function jump(key) {
  const here = document.activeElement;
  if (here?.matches("mark.evidence, .passage")) {
    const back = here.dataset.flags || here.dataset.jumpedFrom;
    document.querySelector(`[data-flag="${back}"] [data-edit]`)?.focus();
    return true;
  }
  const flag = flags.find((one) => one.key === key);
  if (!flag?.evidence) return false;
  const proof = document.querySelector(`mark.evidence[data-flags~="${flag.key}"]`) || document.getElementById(`passage-${flag.evidence}`);
  proof.tabIndex = -1;
  proof.dataset.jumpedFrom = flag.key;
  proof.scrollIntoView({ block: "center" });
  proof.focus({ preventScroll: true });
  return true;
}

function leaveWords() {
  words?.leave();
  words = null;
  getSelection().removeAllRanges();
}

function escape() {
  if (words) leaveWords();
  else if (fresh) remove(fresh);
  else if (editing) finish(editing);
}

/** Take up the flags of the form that is on the page now (first load, and after every swap). */
function begin() {
  [editing, fresh, words] = [null, null, null];
  if (!marking()) return;
  let stored = [];
  try { stored = JSON.parse(field().value || "[]"); } catch { /* not ours: the server will say so */ }
  flags = stored.map((flag) => ({ ...flag, response: String(flag.response), key: String(nextKey++) }));
  render();
}

document.addEventListener("click", (event) => {
  if (!marking()) return;
  const target = event.target.closest("button, mark, a");
  const key = target?.closest("[data-flag]")?.dataset.flag;
  if (target?.matches("[data-flagbar] [data-kind]")) addFlag(target.dataset.kind);
  else if (target?.matches("[data-flagbar] [data-evidence]")) proveWith();
  else if (target?.matches("[data-flag-words]")) flagNow();
  else if (target?.matches("[data-edit]")) {
    editing = editing === key ? null : key;
    render();
    document.querySelector(`[data-flag="${key}"] ${editing ? ".editing :checked" : "[data-edit]"}`)?.focus();
  } else if (target?.matches("[data-remove]")) remove(key);
  else if (target?.matches("[data-done]")) finish(key);
  else if (target?.matches("mark[data-flags]") && getSelection().isCollapsed) {
    document.querySelector(`[data-flag="${target.dataset.flags.split(" ").at(-1)}"] [data-edit]`)?.focus();
  }
});
document.addEventListener("mousedown", (event) => { if (event.target.closest("[data-flagbar]")) event.preventDefault(); });
document.addEventListener("selectionchange", () => { if (marking()) requestAnimationFrame(showBar); });
document.addEventListener("change", (event) => { if (event.target.closest("[data-flag]")) change(event); }, true);
document.addEventListener("input", (event) => { if (event.target.closest("[data-flag]")?.matches("[data-flag]") && event.target.name === "note") change(event); }, true);
document.addEventListener("keydown", (event) => {
  if (!marking()) return;
  if (event.key === "Escape") escape();
  else if (words && event.key === "Enter") {
    event.preventDefault();
    flagNow();
  } else if (words?.move(event.key, event.shiftKey)) event.preventDefault();
  else if (event.key === "Enter" && event.target.matches(".flag input")) {
    event.preventDefault();
    finish(editing);
  } else if (mayAct(event) && act(event)) event.preventDefault();
});
document.addEventListener("htmx:afterSettle", (event) => { if (event.target.id === "item") begin(); });
begin();
