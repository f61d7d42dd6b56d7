// Choosing cards: one box chooses all, Shift ticks a stretch, keys go from card to card, the count is said.
import { gettext } from "./gettext.js";
import { keyFor, mayAct, pressed } from "./typing.js";

const form = document.querySelector("[data-pass]");
const boxes = () => [...form.querySelectorAll("input[name=item]:not(:disabled)")];
let last = null; // the box that was ticked last, where a stretch begins

function show() {
  const chosen = boxes().filter((box) => box.checked);
  for (const box of boxes()) box.closest("[data-card]").classList.toggle("chosen", box.checked);
  const all = form.querySelector("[data-pass-all]");
  all.checked = chosen.length > 0 && chosen.length === boxes().length;
  all.indeterminate = chosen.length > 0 && !all.checked;
  form.querySelector("[data-chosen]").textContent = gettext("%(n)s of %(all)s chosen", { n: chosen.length, all: boxes().length });
  form.querySelector("[data-n]").textContent = chosen.length === 1 ? gettext("1 card") : chosen.length ? gettext("%(n)s cards", { n: chosen.length }) : gettext("the chosen cards");
  form.querySelector("[data-apply]").disabled = chosen.length === 0;
}

function stretch(box) {
  const rows = boxes();
  const [from, to] = [rows.indexOf(last), rows.indexOf(box)].sort((a, b) => a - b);
  if (from >= 0) for (const other of rows.slice(from, to + 1)) other.checked = box.checked;
}

/** The card that has the focus, or whose answer is being chosen for; -1 when none has. */
const at = () => boxes().findIndex((box) => box.closest("[data-card]").contains(document.activeElement));

function go(step) {
  const rows = boxes();
  const box = rows[Math.min(Math.max(at() + step, 0), rows.length - 1)];
  box?.focus({ preventScroll: true });
  box?.closest("[data-card]").scrollIntoView({ block: "nearest" });
}

/** The question that digits answer: the one with the focus, else the first without an answer. */
function question() {
  const all = [...form.querySelectorAll(".rubric .q:has(.opt, input[type=number])")].filter((one) => one.getClientRects().length);
  const chosen = (one) => one.querySelector(":checked") || one.querySelector("input[type=number]")?.value;
  return all.find((one) => one.contains(document.activeElement)) ?? all.find((one) => !chosen(one));
}

function digit(key) {
  const asked = question();
  asked?.querySelector("input[type=number]")?.focus(); // the digit goes into it
  asked?.querySelector(`.opt[data-digit="${key}"] input`)?.click();
}

const ACTS = {
  j: () => go(1),
  k: () => go(-1),
  x: () => boxes()[at()]?.click(),
  s: () => boxes()[at()]?.closest("[data-card]").querySelector("[data-alike]")?.click(),
};

if (form) {
  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-pass-all]")) for (const box of boxes()) box.checked = event.target.checked;
    show();
  });
  form.addEventListener("click", (event) => {
    if (!event.target.matches("input[name=item]")) return;
    if (event.shiftKey) stretch(event.target);
    last = event.target;
  });
  form.addEventListener("submit", () => { form.querySelector("[data-apply]").disabled = true; });
  document.addEventListener("keydown", (event) => {
    const apply = form.querySelector("[data-apply]");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.repeat && !event.isComposing && !apply.disabled) {
      event.preventDefault();
      form.requestSubmit(apply);
    } else if (mayAct(event) && Object.hasOwn(ACTS, pressed(event))) {
      event.preventDefault();
      ACTS[pressed(event)]();
    } else if (mayAct(event) && /^[0-9]$/.test(event.key)) {
      digit(event.key);
    }
  });
  for (const kbd of form.querySelectorAll("[data-alike] kbd")) kbd.textContent = keyFor("s");
  show();
}
