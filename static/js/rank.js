// Ranking: a digit puts that response next, = beside the last one; buttons and dragging move it. The selects are sent.
import { gettext } from "./gettext.js";
let joins = false; // "=" was pressed: the next one shares the last place
let dragged = null;

const rows = (list) => [...list.children].sort((one, other) => one.dataset.row - other.dataset.row);
const select = (row) => row.querySelector("select");
const place = (row) => Number(select(row).value);
const name = (row) => row.querySelector("label").firstChild.textContent.trim();
const say = (detail) => document.dispatchEvent(new CustomEvent("say", { detail }));
const hasTies = (list) => "ties" in list.dataset;

/** The rows that have a place, the best first; those that share one together. */
function tiers(list) {
  const found = [];
  for (const row of rows(list)) if (place(row)) (found[place(row)] ??= []).push(row);
  return found.filter(Boolean);
}

/** The order on the page follows the places; each response says its own. */
function show(list) {
  const held = document.activeElement;
  const sorted = rows(list).sort((one, other) => (place(one) || 99) - (place(other) || 99));
  if (sorted.some((row, at) => list.children[at] !== row)) list.append(...sorted);
  if (list.contains(held)) held.focus({ preventScroll: true });
  for (const row of sorted) {
    row.draggable = true;
    row.querySelector(".moves").hidden = false;
    row.classList.toggle("open", !place(row));
    const chip = document.querySelector(`[data-place-of="${row.dataset.row}"]`);
    if (!chip || !list.closest("#review-form")) continue;
    chip.hidden = !place(row);
    chip.textContent = gettext("place %(place)s", { place: place(row) });
  }
}

function write(list, order, moved) {
  for (const row of rows(list)) select(row).value = "";
  order.filter((tier) => tier.length).forEach((tier, at) => { for (const row of tier) select(row).value = String(at + 1); });
  joins = false;
  show(list);
  select(moved).dispatchEvent(new Event("change", { bubbles: true })); // the draft is saved, conditions look
  const beside = rows(list).filter((row) => row !== moved && place(row) && place(row) === place(moved)).map(name);
  const told = { name: name(moved), place: place(moved), others: beside.join(", ") };
  if (!place(moved)) say(gettext("%(name)s: no place.", told));
  else say(beside.length ? gettext("%(name)s: place %(place)s, with %(others)s.", told) : gettext("%(name)s: place %(place)s.", told));
}

const without = (order, row) => order.map((tier) => tier.filter((other) => other !== row));

/** One step: out of a shared place, or into the next one; where places are not shared, past the next one. */
function step(list, row, by) {
  const order = tiers(list);
  const at = order.findIndex((tier) => tier.includes(row));
  if (at < 0) return by < 0 ? write(list, [...order, [row]], row) : undefined;
  const left = without(order, row);
  if (order[at].length > 1) left.splice(by > 0 ? at + 1 : at, 0, [row]);
  else if (!order[at + by]) return undefined;
  else if (hasTies(list)) left[at + by].push(row);
  else [left[at], left[at + by]] = [order[at + by], order[at]];
  return write(list, left, row);
}

/** Drop a row before, after or (where places are shared) upon another. */
function drop(list, row, other, where) {
  const order = without(tiers(list), row);
  const at = order.findIndex((tier) => tier.includes(other));
  if (row === other) return;
  if (at < 0) order.push([row]);
  else if (where === "upon") order[at].push(row);
  else order.splice(where === "before" ? at : at + 1, 0, [row]);
  write(list, order, row);
}

/** What the digit stands for takes the next place, or gives up the one it has. False when there is no such response. */
export function pick(question, digit) {
  const list = question.querySelector("[data-ranked]");
  const row = list?.querySelector(`[data-row="${digit}"]`);
  if (!row) return false;
  const order = tiers(list);
  if (place(row)) write(list, without(order, row), row);
  else if (joins && order.length) write(list, [...order.slice(0, -1), [...order.at(-1), row]], row);
  else write(list, [...order, [row]], row);
  return true;
}

/** Of a best and a worst: the first digit names the best, the next one the worst; once more takes it back. */
export function pickEnd(question, digit) {
  const row = question.querySelector(`[data-ends] [data-row="${digit}"]`);
  if (!row) return false;
  const held = row.querySelector("input:checked");
  const end = held ?? row.querySelectorAll("input")[question.querySelector("[data-ends] input[name$=-best]:checked") ? 1 : 0];
  end.checked = !held;
  end.dispatchEvent(new Event("change", { bubbles: true }));
  const told = { name: row.querySelector(".name").firstChild.textContent.trim() };
  if (end.name.endsWith("-best")) say(held ? gettext("%(name)s: not the best any more.", told) : gettext("%(name)s: the best.", told));
  else say(held ? gettext("%(name)s: not the worst any more.", told) : gettext("%(name)s: the worst.", told));
  return true;
}

/** Both ends are named. */
export const hasEnds = (question) => question.querySelectorAll("[data-ends] input:checked").length === 2;

/** The next one that is picked shares the last place. */
export function join(question) {
  const list = question.querySelector("[data-ranked][data-ties]");
  if (!list || !tiers(list).length) return false;
  joins = true;
  say(gettext("The next one shares the place of %(names)s.", { names: tiers(list).at(-1).map(name).join(", ") }));
  return true;
}

export const isRanked = (question) => [...question.querySelectorAll("[data-ranked] select")].every((one) => one.value);

function where(event, row, list) {
  const box = row.getBoundingClientRect();
  const part = (event.clientY - box.top) / box.height;
  if (hasTies(list) && part > 0.3 && part < 0.7) return "upon";
  return part < 0.5 ? "before" : "after";
}

const mark = (row, at) => { for (const other of document.querySelectorAll("[data-row][data-drop]")) delete other.dataset.drop; if (row) row.dataset.drop = at; };
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-ranked] [data-move]");
  if (button) step(button.closest("[data-ranked]"), button.closest("[data-row]"), Number(button.dataset.move));
});
document.addEventListener("change", (event) => {
  const ends = event.target.closest("[data-ends] [data-row]"); // one response is not both
  for (const input of ends?.querySelectorAll("input:checked") ?? []) if (input !== event.target) input.checked = false;
  const list = event.target.closest("[data-ranked]");
  if (list) show(list);
});
document.addEventListener("dragstart", (event) => { dragged = event.target.closest?.("[data-row]") ?? null; });
document.addEventListener("dragend", () => { dragged = null; mark(null); });
document.addEventListener("dragover", (event) => {
  const row = event.target.closest?.("[data-row]");
  if (!dragged || !row || row.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  mark(row, where(event, row, row.parentElement));
});
document.addEventListener("drop", (event) => {
  const row = event.target.closest?.("[data-row]");
  if (!dragged || !row || row.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  drop(row.parentElement, dragged, row, where(event, row, row.parentElement));
});
const begin = () => { joins = false; for (const list of document.querySelectorAll("[data-ranked]")) show(list); };
for (const name of ["htmx:afterSwap", "htmx:afterSettle"]) document.addEventListener(name, begin);
begin();
