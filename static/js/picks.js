// Ticking rows: one box ticks the page, the count is said, and ticked rows are tinted. Works again after a swap.
import { gettext } from "./gettext.js";
const table = () => document.querySelector("[data-picks]");
const boxes = () => [...document.querySelectorAll("[data-picks] input[name=item]")];

function show() {
  if (!table()) return;
  const ticked = boxes().filter((box) => box.checked);
  for (const box of boxes()) box.closest("tr").classList.toggle("chosen", box.checked);
  const all = document.querySelector("[data-pick-all]");
  all.checked = ticked.length > 0 && ticked.length === boxes().length;
  all.indeterminate = ticked.length > 0 && !all.checked;
  const every = document.querySelector("input[name=all]").checked;
  document.querySelector("[data-picked]").textContent = every ? gettext("All that match") : ticked.length ? gettext("%(n)s chosen", { n: ticked.length }) : "";
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-pick-all]")) for (const box of boxes()) box.checked = event.target.checked;
  if (event.target.closest("#items")) show();
});
document.addEventListener("htmx:afterSettle", show);
show();
