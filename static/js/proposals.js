// What critics propose to flag: accepted ones become flags of the draft, rejected ones are named in a hidden field.
import { layerOf } from "./flags.js";
import { gettext } from "./gettext.js";
import { mayAct, pressed } from "./typing.js";

const form = () => document.getElementById("review-form");
const all = () => [...document.querySelectorAll("[data-proposal]")];
const say = (detail) => document.dispatchEvent(new CustomEvent("say", { detail }));

/** A proposal as the form keeps flags. */
function flagOf(item) {
  const { response, start, end, kind, severity } = item.dataset;
  return {
    response, start: Number(start), end: Number(end), quote: item.querySelector("q").textContent, kind, severity,
    text_hash: layerOf(response).dataset.hash, note: item.querySelector("[data-note]").textContent,
    evidence: null, evidence_start: null, evidence_end: null, evidence_quote: "",
  };
}

/** What is flagged right there counts as accepted; a flag that was removed again is a proposal rejected. */
function follow() {
  let flags = [];
  try { flags = JSON.parse(form()?.elements.spans.value || "[]"); } catch { /* the server will say so */ }
  for (const { dataset } of all()) {
    const isThere = (flag) => String(flag.response) === dataset.response && flag.start === Number(dataset.start) && flag.end === Number(dataset.end) && !flag.passage;
    if (flags.some(isThere)) dataset.answer = "accepted";
    else if (dataset.answer === "accepted") dataset.answer = "rejected";
  }
  const rejected = all().filter((item) => item.dataset.answer === "rejected");
  if (form()?.elements.rejected) form().elements.rejected.value = rejected.map((item) => item.dataset.proposal).join(" ");
}

/** As the form has it: what came back from the server, or from a draft. */
function begin() {
  const named = new Set(form()?.elements.rejected?.value.split(" "));
  for (const { dataset } of all()) if (named.has(dataset.proposal)) dataset.answer = "rejected";
  follow();
}

function answer(item, isAccepted) {
  item.dataset.answer = isAccepted ? "accepted" : "rejected";
  document.dispatchEvent(new CustomEvent("proposal-answered", { detail: isAccepted ? flagOf(item) : null }));
  const left = all().filter((one) => one.dataset.answer === "").length;
  say(isAccepted ? gettext("Accepted. %(left)s left.", { left }) : gettext("Rejected. %(left)s left.", { left }));
  if (!next(item)) form().querySelector(".q.active")?.focus({ preventScroll: true });
}

/** To the open proposal after this one, round about. */
function next(item) {
  const items = all();
  const at = items.indexOf(item);
  const open = [...items.slice(at + 1), ...items.slice(0, at + 1)].find((one) => one.dataset.answer === "");
  open?.querySelector("[data-accept]").focus({ preventScroll: true });
  open?.scrollIntoView({ block: "nearest" });
  return Boolean(open);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-accept], [data-reject]");
  if (button) answer(button.closest("[data-proposal]"), button.matches("[data-accept]"));
});
document.addEventListener("keydown", (event) => {
  if (!all().length || !mayAct(event)) return;
  const item = event.target.closest?.("[data-proposal]");
  const key = pressed(event);
  if (key === "c") { if (!next(item)) return; }
  else if (item && (key === "a" || key === "x")) answer(item, key === "a");
  else return;
  event.preventDefault();
});
document.addEventListener("change", (event) => { if (event.target === form()) follow(); }, true);
document.addEventListener("htmx:afterSettle", (event) => { if (event.target.id === "item") begin(); });
begin();
