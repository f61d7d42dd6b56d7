// Marking stretches of a response: select (or choose words by key), flag, say why. Everything ends up in the hidden
// "spans" field as JSON; the server checks it again. Layers are plain text whose textContent is the canonical text.
import { jump, labelOf, layerOf, light, lightUp, passageOf, render as show, step } from "./flags.js";
import { gettext } from "./gettext.js";
import { pointsBefore, rangeOfUnits, tidy, unitsOfRange } from "./offsets.js";
import { mayAct, pressed } from "./typing.js";
import { WordChoice } from "./words.js";

const AROUND = 32; // code points of context stored before and after a quote
let flags = []; // what the form will send, plus `key`, which only this page uses
let editing = null; // key of the flag whose controls are open
let fresh = null; // key of a flag that Escape takes back
let words = null; // a WordChoice while words are chosen by keyboard
let visited = null; // key of the flag that the last click on marked words went to
let nextKey = 1;

const form = () => document.getElementById("review-form");
const field = () => form()?.elements.spans;
const marking = () => Boolean(field() && document.querySelector("[data-flagbar]"));
const say = (detail) => document.dispatchEvent(new CustomEvent("say", { detail }));
const lineOf = (key) => document.querySelector(`[data-flag="${key}"]`);
const render = () => show(flags, editing);

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
  light(key);
  say(gettext("Flagged as %(kind)s. Digits choose another kind. Say how bad it is, and which source shows it.", { kind: labelOf("kind", kind) }));
  lineOf(key).querySelector(".editing :checked")?.focus();
}

function proveWith() {
  const found = selected();
  const flag = flags.find((one) => one.key === editing);
  if (!flag || !found?.layer.dataset.passage) return;
  const { start, end, quote } = stretch(found.layer, found.units);
  Object.assign(flag, { evidence: found.layer.dataset.passage, evidence_start: start, evidence_end: end, evidence_quote: quote });
  leaveWords();
  store();
  render();
  light(flag.key);
  say(gettext("The proof is: %(quote)s", { quote }));
  lineOf(flag.key)?.querySelector("[name=note]")?.focus();
}

function remove(key) {
  const gone = flags.find((flag) => flag.key === key);
  flags = flags.filter((flag) => flag !== gone);
  [editing, fresh] = [null, null];
  store();
  render();
  say(gettext("Flag removed."));
  layerOf(gone.response)?.focus({ preventScroll: true });
}

function edit(key) {
  editing = editing === key ? null : key;
  render();
  light(key);
  lineOf(key).querySelector(editing ? ".editing :checked" : "[data-edit]")?.focus();
}

function finish(key) {
  [editing, fresh] = [null, null];
  render();
  lineOf(key)?.querySelector("[data-edit]").focus({ preventScroll: true });
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
  light(flag.key);
  lineOf(flag.key)?.querySelector(`.editing ${id}`)?.focus();
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

/** Flag what is selected; else choose words by keyboard, in this response or the next one at a second press. */
function flagNow(response) {
  const formatted = document.querySelector("[data-formatted]:checked");
  if (formatted) formatted.click(); // marks are made in the plain text
  if (selected()?.layer.dataset.response && !response) return addFlag(document.querySelector("[data-flagbar] [data-kind]").dataset.kind);
  const layers = [...document.querySelectorAll("[data-layer][data-response]")];
  choose(response || layers[0], gettext("Choose words with the arrow keys. Shift extends, Enter flags, Escape leaves."));
}

/** The proof of the open flag, by keyboard: words of the source that was named. */
function proveByKeys() {
  const flag = flags.find((one) => one.key === editing);
  const layer = flag?.evidence && passageOf(flag.evidence);
  if (layer) choose(layer, gettext("Choose the words that show it with the arrow keys. Shift extends, Enter takes them, Escape leaves."));
}

function choose(layer, how) {
  words?.leave();
  words = new WordChoice(layer);
  say(how);
}

function leaveWords() {
  words?.leave();
  words = null;
  getSelection().removeAllRanges();
}

function escape() {
  const wasProof = words?.layer.dataset.passage;
  if (words) leaveWords();
  else if (fresh) remove(fresh);
  else if (editing) finish(editing);
  if (wasProof && editing) lineOf(editing)?.querySelector("[data-prove]")?.focus();
}

/** Keys outside of text boxes: flag, next flag, proof; on a flag a digit is its kind and Delete removes it. */
function act(event) {
  const line = event.target.closest?.("[data-flag]");
  const key = pressed(event);
  if (line && /^[1-9]$/.test(event.key)) line.querySelectorAll(".editing:not([hidden]) .kinds input")[event.key - 1]?.click();
  else if (line && event.key === "Delete") remove(line.dataset.flag);
  else if (key === "f") flagNow();
  else if (key === "n") return step(1);
  else if (key === "j") return jump(flags, line?.dataset.flag);
  else return false;
  return true;
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

/** A click on marked words goes to their flag; where several overlap, each click to the next. */
function toFlag(mark) {
  const keys = [];
  for (let one = mark; one; one = one.parentElement.closest("mark[data-flags]")) keys.push(one.dataset.flags);
  visited = keys[(keys.indexOf(visited) + 1) % keys.length];
  lineOf(visited)?.querySelector("[data-edit]")?.focus();
}

document.addEventListener("click", (event) => {
  if (!marking()) return;
  const target = event.target.closest("button, mark, a");
  const key = target?.closest("[data-flag]")?.dataset.flag;
  if (target?.matches("[data-flagbar] [data-kind]")) addFlag(target.dataset.kind);
  else if (target?.matches("[data-flagbar] [data-evidence]")) proveWith();
  else if (target?.matches("[data-prove]")) proveByKeys();
  else if (target?.matches("[data-flag-words]")) flagNow(selected() ? null : target.closest(".answer").querySelector("[data-layer]"));
  else if (target?.matches("[data-edit]")) edit(key);
  else if (target?.matches("[data-remove]")) remove(key);
  else if (target?.matches("[data-done]")) finish(key);
  else if (target?.matches(".why a")) { if (jump(flags, key)) event.preventDefault(); }
  else if (target?.matches("mark[data-flags]") && getSelection().isCollapsed) toFlag(target);
});
document.addEventListener("mousedown", (event) => { if (event.target.closest("[data-flagbar]")) event.preventDefault(); });
document.addEventListener("selectionchange", () => { if (marking()) requestAnimationFrame(showBar); });
for (const name of ["focusin", "pointerover"]) {
  document.addEventListener(name, (event) => { if (marking()) lightUp(event); });
}
document.addEventListener("change", (event) => { if (event.target.closest("[data-flag]")) change(event); }, true);
document.addEventListener("input", (event) => { if (event.target.closest("[data-flag]")?.matches("[data-flag]") && event.target.name === "note") change(event); }, true);
document.addEventListener("keydown", (event) => {
  if (!marking()) return;
  if (event.key === "Escape") escape();
  else if (words && event.key === "Enter") {
    event.preventDefault();
    if (words.layer.dataset.passage) proveWith();
    else flagNow();
  } else if (words?.move(event.key, event.shiftKey)) event.preventDefault();
  else if (event.key === "Enter" && event.target.matches(".flag input")) {
    event.preventDefault();
    finish(editing);
  } else if (mayAct(event) && act(event)) event.preventDefault();
});
document.addEventListener("proposal-answered", ({ detail }) => { // js/proposals.js: a flag that was accepted, or nothing
  if (detail) flags.push({ ...detail, key: String(nextKey++) });
  store();
  render();
});
document.addEventListener("htmx:afterSettle", (event) => { if (event.target.id === "item") begin(); });
begin();
