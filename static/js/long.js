// Long texts are clipped with a button that shows all of them. The text stays whole in the page, so that marks and
// searches find every word; without scripts nothing is clipped.
import { gettext } from "./gettext.js";
const MOST_PIXELS = 640;

export function open(part) {
  part?.classList.remove("clipped");
  part?.querySelector(":scope > .show-all")?.remove();
}

function clip(part) {
  if (part.scrollHeight <= MOST_PIXELS * 1.25 || part.querySelector(":scope > .show-all")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "show-all btn btn-quiet btn-sm";
  button.textContent = gettext("Show all %(n)s characters", { n: [...part.textContent].length.toLocaleString(document.documentElement.lang) });
  button.addEventListener("click", () => open(part));
  part.append(button);
  part.classList.add("clipped");
}

function begin() {
  for (const part of document.querySelectorAll("#item [data-long]")) clip(part);
}

// A mark, a link or the focus inside a clipped text shows it.
document.addEventListener("focusin", (event) => {
  if (!event.target.matches(".show-all, .layer, summary")) open(event.target.closest("[data-long].clipped"));
});
addEventListener("hashchange", () => open(document.querySelector(":target")?.closest("[data-long]")));
document.addEventListener("htmx:afterSettle", (event) => { if (event.target.id === "item") begin(); });
begin();
