// The hands stay on the keyboard: digits answer, arrows move between questions, Ctrl+Enter sends, focus follows the item.
import { gettext } from "./gettext.js";
import { hasEnds, isRanked, join, pick, pickEnd } from "./rank.js";
import "./turns.js";
import { isTyping, mayAct } from "./typing.js";

let carried = null; // the question to which an answer has just brought the hands: an arrow with it means the same step

const questions = () => [...document.querySelectorAll("#review-form .q:not([hidden])")];
const choices = (question) => [...question.querySelectorAll("input:is([type=radio], [type=checkbox])")];
const original = () => document.querySelector("[data-layer][data-response]")?.textContent.trim();

const figure = (question) => question?.querySelector("input[type=number]");
const isQuick = (question) => choices(question).length > 0 || question.matches(".ranking") || Boolean(figure(question)); // answered by keys

/** A rewrite begins as the response itself: it is an answer once it differs. */
function isAnswered(question) {
  if (question.matches(".ranking")) return isRanked(question);
  if (question.matches(".best_worst")) return hasEnds(question);
  const text = question.querySelector("textarea, input[type=number]")?.value.trim();
  if (text && question.matches(".correction")) return text !== original();
  return Boolean(text) || choices(question).some((input) => input.checked);
}

function activate(question) {
  for (const other of questions()) other.classList.toggle("active", other === question);
  count();
}

function active() {
  return document.querySelector("#review-form .q.active") || questions()[0];
}

function count() {
  const place = document.querySelector("[data-answered]");
  if (place) place.textContent = gettext("%(n)s of %(all)s", { n: questions().filter(isAnswered).length, all: questions().length });
}

/** Put the focus where the next answer goes, without moving the text under the reader's eyes. */
function enter(question, scroll = false) {
  if (!question) return;
  activate(question);
  const all = choices(question);
  // An unanswered question takes the focus itself: a ring on its first option would suggest an answer.
  const target = all.find((input) => input.checked) || question;
  target.focus({ preventScroll: true });
  if (scroll) question.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const all = questions();
  const next = all[all.indexOf(active()) + step];
  if (next?.querySelector("textarea") && !choices(next).length) {
    activate(next);
    next.querySelector("textarea").focus();
  } else enter(next, true);
}

function answer(digit) {
  const question = active();
  if (question?.matches(".ranking")) return pick(question, digit);
  if (question?.matches(".best_worst")) return pickEnd(question, digit);
  if (figure(question)) return figure(question).focus(); // the digit goes into it
  const option = question?.querySelector(`.opt[data-digit="${digit}"] input`);
  if (!option) return false;
  option.click();
  if (option.type === "radio") {
    const next = questions()[questions().indexOf(question) + 1];
    if (next && isQuick(next)) {
      enter(next, true);
      carried = next;
    } else option.focus({ preventScroll: true });
  }
  return true;
}

function begin() {
  const wrong = document.querySelector("#review-form .q:has(.errorlist)");
  const open = questions().find((question) => isQuick(question) && !isAnswered(question));
  const first = wrong || open || questions()[0];
  count();
  if (first) enter(first, Boolean(wrong));
}

document.addEventListener("keydown", (event) => {
  const arrived = carried;
  carried = null;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
    const form = document.getElementById("review-form");
    if (!form || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    if (event.repeat) return; // held down, it would send the next item too
    form.requestSubmit(document.getElementById("submit"));
    return;
  }
  if (event.key === "Enter" && event.target.matches("#review-form input[type=number]")) {
    event.preventDefault(); // it would send the review
    move(1);
  }
  if (event.key === "Escape" && event.target.closest?.(".guide")) event.target.closest("details").open = false;
  if (event.key === "Escape" && isTyping(event) && event.target.form?.id === "review-form") event.target.blur();
  if (!mayAct(event)) return;
  const inside = event.target.closest(".q");
  const onFlag = event.target.closest("[data-flag]"); // digits there choose its kind (spans.js)
  if (/^[0-9]$/.test(event.key) && !onFlag && answer(event.key)) event.preventDefault();
  else if (event.key === "=" && active()?.matches(".ranking")) join(active());
  else if (inside === event.target && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
    event.preventDefault();
    choices(inside)[0]?.focus();
  } else if (inside && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    if (event.key === "ArrowUp" || inside !== arrived) move(event.key === "ArrowDown" ? 1 : -1);
  }
});
// A covered text is shown for this item alone; a reload and a refused submit know it by its number.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-uncover]");
  if (!button) return;
  event.preventDefault();
  for (const part of document.querySelectorAll("[data-covered]")) {
    part.inert = false;
    delete part.dataset.covered;
  }
  document.getElementById("review-form").elements.shown.value = button.value;
  history.replaceState(history.state, "", `?shown=${button.value}`);
  button.closest(".cover").remove();
  document.querySelector(".desk > .text").focus({ preventScroll: true });
});
document.addEventListener("focusin", (event) => {
  const question = event.target.closest("#review-form .q");
  if (question) activate(question);
});
for (const name of ["input", "change"]) {
  document.addEventListener(name, (event) => { if (event.target.closest("#review-form .q")) count(); });
}
// The guideline takes the focus while it is open, so that arrows scroll it; closed, the hands are back at the question.
document.addEventListener("toggle", (event) => {
  const guide = event.target.querySelector?.(":scope > .guide");
  if (!guide) return;
  if (!event.target.open) return enter(active());
  guide.focus({ preventScroll: true });
  event.target.scrollIntoView({ block: "nearest" });
}, true);
document.addEventListener("htmx:afterRequest", (event) => {
  // A question was asked and the item stays: the sheet has done its work.
  if (!event.target.matches("[data-escalation]") || event.detail.xhr.status !== 204) return;
  event.target.reset();
  event.target.closest("details").open = false;
  enter(active());
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "item") return;
  scrollTo({ top: 0, behavior: "instant" });
  const detail = document.querySelector("#item [data-announce]")?.dataset.announce;
  if (detail) document.dispatchEvent(new CustomEvent("say", { detail }));
  begin();
});
begin();
