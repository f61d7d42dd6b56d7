// Questions of a rubric draft are moved by dragging their head. What it sends is what a button would: "place:from:to".
let dragged = null;

const questions = () => [...document.querySelectorAll("#editor .question")];
const mark = (over, at) => { for (const one of questions()) delete one.dataset.drop; if (over) over.dataset.drop = at; };
const half = (event, over) => { const box = over.getBoundingClientRect(); return event.clientY < box.top + box.height / 2 ? "before" : "after"; };

/** Only the head is a handle: in fields the pointer selects words. */
const begin = () => { for (const handle of document.querySelectorAll("#editor .question > header")) handle.draggable = true; };

/** The form posts all that was typed, with this as its button. */
function send(form, value) {
  const button = Object.assign(document.createElement("button"), { type: "submit", name: "do", value, hidden: true });
  form.append(button);
  button.click();
  button.remove();
}

document.addEventListener("dragstart", (event) => {
  dragged = event.target.matches?.("#editor .question > header") ? event.target.closest(".question") : null;
});
document.addEventListener("dragend", () => { dragged = null; mark(null); });
document.addEventListener("dragover", (event) => {
  const over = event.target.closest?.("#editor .question");
  if (!dragged || !over) return;
  event.preventDefault();
  mark(over, half(event, over));
});
document.addEventListener("drop", (event) => {
  const over = event.target.closest?.("#editor .question");
  if (!dragged || !over) return;
  event.preventDefault();
  const all = questions();
  const from = all.indexOf(dragged);
  const gap = all.indexOf(over) + (half(event, over) === "after" ? 1 : 0);
  const to = gap > from ? gap - 1 : gap;
  if (to !== from) send(document.getElementById("editor"), `place:${from}:${to}`);
});
document.addEventListener("htmx:afterSettle", begin);
begin();
