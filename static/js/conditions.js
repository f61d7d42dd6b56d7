// Questions with a condition are shown when the answers so far ask for them. Hidden ones are disabled, so that they are
// not sent; what was typed in them comes back with them. The server decides by the same rule (rubrics/conditions.py).
const PREFIX = "q-";
const original = () => document.querySelector("[data-layer][data-response]")?.textContent.trim();

/** What a question is answered with just now: a list of values, or whether there is anything at all. */
function given(form, key) {
  const all = [...form.querySelectorAll(`[name="${CSS.escape(PREFIX + key)}"]`)];
  if (!all.length) return { values: [], any: marks(form) > 0 }; // marks have no control of their own
  const controls = all.filter((control) => !control.disabled);
  const box = controls.find((control) => control.matches("textarea"));
  if (box) {
    const text = box.value.trim();
    return { values: [], any: Boolean(text) && !(box.closest(".correction") && text === original()) };
  }
  const values = controls.filter((control) => control.checked || (control.type === "number" && control.value)).map((control) => control.value.replace(/^(left|right)_\d+$/, "preferred"));
  return { values, any: values.length > 0 };
}

function marks(form) {
  try { return JSON.parse(form.elements.spans?.value || "[]").length; } catch { return 0; }
}

function holds(form, condition) {
  const answer = given(form, condition.criterion);
  if (condition.any) return answer.any;
  if (condition.values) return answer.values.some((value) => condition.values.includes(value));
  const point = Number.parseFloat(answer.values[0]);
  return "below" in condition ? point < condition.below : point >= condition.at_least;
}

/** From the first question to the last: a question that is not asked answers no condition. */
export function apply(form) {
  for (const question of form.querySelectorAll("[data-asked-when]")) {
    const asked = holds(form, JSON.parse(question.dataset.askedWhen));
    question.hidden = !asked;
    for (const control of question.querySelectorAll("input, textarea, select")) control.disabled = !asked;
    const words = question.querySelector("[data-asked-words]");
    if (words) words.hidden = true; // it is asked, so nobody needs to know when
  }
}

const forms = () => document.querySelectorAll("form:has([data-asked-when])");
for (const name of ["input", "change"]) {
  document.addEventListener(name, (event) => {
    const form = event.target.form ?? event.target.closest?.("form");
    if (form?.matches(":has([data-asked-when])")) apply(form);
  });
}
document.addEventListener("htmx:afterSwap", () => forms().forEach(apply));
forms().forEach(apply);
