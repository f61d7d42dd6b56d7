// The turn or step that is judged is lit in the conversation, and brought into sight where both stand side by side.
const isWide = matchMedia("(min-width: 60.01rem)");

function show(question) {
  for (const lit of document.querySelectorAll(".judged")) lit.classList.remove("judged");
  const target = question && document.querySelector(question.querySelector("legend a").hash);
  if (!target) return;
  target.classList.add("judged");
  if (!isWide.matches) return;
  const folded = target.closest("details");
  if (folded) folded.open = true;
  target.scrollIntoView({ block: "nearest" });
}

document.addEventListener("focusin", (event) => {
  const question = event.target.closest(".q");
  if (question) show(question.closest("[data-turn]"));
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-turn] legend a");
  const folded = link && document.querySelector(link.hash)?.closest("details");
  if (folded) folded.open = true; // before the browser goes there
});
