// The command box: Ctrl+K opens it, arrows walk through what was found, Enter opens the first.
const box = document.getElementById("find");
const words = document.getElementById("find-words");

function open() {
  if (box.open || document.querySelector("dialog[open]")) return;
  box.showModal();
  words.select();
  words.form.dispatchEvent(new Event("find-opened"));
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    open();
  }
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-find]") || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  open();
});
box.addEventListener("keydown", (event) => {
  const found = [...box.querySelectorAll("#found a")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && found.length) {
    event.preventDefault();
    const at = found.indexOf(document.activeElement) + step;
    (at < 0 ? words : found[Math.min(at, found.length - 1)]).focus();
  }
  if (event.key === "Escape") { // at once: the browser would only empty the words first
    event.preventDefault();
    box.close();
  }
  if (event.key === "Enter" && event.target === words && found.length) {
    event.preventDefault();
    found[0].click();
  }
});
// A newer list takes a row away that had the focus: back to the words, then.
document.addEventListener("htmx:afterSwap", () => { if (box.open && !box.contains(document.activeElement)) words.focus(); });
