// Settling by keyboard: digits decide, j and k move between the questions in dispute, Ctrl+Enter settles.
import { isRanked, join, pick } from "./rank.js";
import { isTyping, mayAct } from "./typing.js";

const questions = () => [...document.querySelectorAll("#settle-form .q")];
const active = () => document.querySelector("#settle-form .q.active") || questions()[0];

function activate(question) {
  for (const other of questions()) other.classList.toggle("active", other === question);
}

function enter(question, scroll = true) {
  if (!question) return;
  activate(question);
  (question.querySelector("input:checked") || question).focus({ preventScroll: true });
  if (scroll) question.closest(".criterion").scrollIntoView({ block: "nearest" });
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
  const option = question?.querySelector(`.opt[data-digit="${digit}"] input`);
  if (!option) return false;
  activate(question);
  option.click();
  question.querySelector("textarea")?.focus();
  return true;
}

function begin() {
  const wrong = questions().find((question) => question.querySelector(".errorlist"));
  enter(wrong || questions()[0], Boolean(wrong));
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
  if (question) activate(question);
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "sheet") return;
  scrollTo({ top: 0, behavior: "instant" });
  const detail = document.getElementById("sheet")?.dataset.announce;
  if (detail) document.dispatchEvent(new CustomEvent("say", { detail }));
  begin();
});
begin();
