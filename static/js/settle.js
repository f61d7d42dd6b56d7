// Settling by keyboard: digits decide, j and k move between the questions in dispute, Ctrl+Enter settles.
import { hasEnds, isRanked, join, pick, pickEnd } from "./rank.js";
import "./turns.js";
import { isTyping, mayAct } from "./typing.js";

const questions = () => [...document.querySelectorAll("#settle-form .q:not(:has(.q))")];
const active = () => questions().find((question) => question.matches(".active")) || questions()[0];

function activate(question) {
  for (const other of questions()) other.classList.toggle("active", other === question);
}

function enter(question, scroll = true) {
  if (!question) return;
  activate(question);
  (question.querySelector("input:checked") || question).focus({ preventScroll: true });
  if (scroll) question.closest("[data-turn], .criterion").scrollIntoView({ block: "nearest" });
}

function move(step) {
  const all = questions();
  enter(all[all.indexOf(active()) + step]);
}

/** A decision needs its reason next. */
function decide(digit) {
  const question = active();
  if (question?.matches(".ranking")) {
    if (!pick(question, digit)) return false;
    if (isRanked(question)) question.querySelector("textarea")?.focus();
    return true;
  }
  if (question?.matches(".best_worst")) {
    if (!pickEnd(question, digit)) return false;
    if (hasEnds(question)) question.querySelector("textarea")?.focus();
    return true;
  }
  const option = question?.querySelector(`.opt[data-digit="${digit}"] input`);
  if (!option) return false;
  activate(question);
  option.click();
  if (question.nextElementSibling?.matches("[data-turn]")) enter(question.nextElementSibling);
  else question.closest(".decide").querySelector("textarea")?.focus();
  return true;
}

function begin() {
  const wrong = questions().find((question) => question.querySelector(".errorlist"));
  const open = questions().find((question) => !question.matches("[data-turn]:has(:checked)")); // not a turn agreed on
  enter(wrong || open || questions()[0], Boolean(wrong));
}

document.addEventListener("keydown", (event) => {
  const form = document.getElementById("settle-form");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
    const settle = document.getElementById("settle");
    if (!form || !settle || document.querySelector("dialog[open]") || event.target.closest(".menu")) return;
    event.preventDefault();
    form.requestSubmit(settle);
    return;
  }
  if (event.key === "Escape" && isTyping(event) && event.target.form === form) {
    const question = event.target.closest(".q");
    event.target.blur();
    enter(question, false);
  }
  if (!mayAct(event)) return;
  if (/^[0-9]$/.test(event.key) && decide(event.key)) event.preventDefault();
  else if (event.key === "=" && active()?.matches(".ranking")) join(active());
  else if (event.key === "j" || event.key === "k") {
    event.preventDefault();
    move(event.key === "j" ? 1 : -1);
  }
});
document.addEventListener("focusin", (event) => {
  const question = event.target.closest("#settle-form .q");
  if (question && !question.matches(":has(.q)")) activate(question);
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "sheet") return;
  scrollTo({ top: 0, behavior: "instant" });
  const detail = document.getElementById("sheet")?.dataset.announce;
  if (detail) document.dispatchEvent(new CustomEvent("say", { detail }));
  begin();
});
begin();
