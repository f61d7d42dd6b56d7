// What every page has: toasts, errors of htmx requests, copy buttons, single keys and their overlay, menus that close.
import { gettext } from "./gettext.js";
import { isTyping, keyFor, keysOff, mayAct, pressed, turnKeys } from "./typing.js";

const ERRORS = {
  0: gettext("No connection. Nothing was sent; what you typed is still here."),
  403: gettext("You may not do this. Your role may have changed."),
  404: gettext("This is not here any more."),
  413: gettext("That is too large to send."),
  429: gettext("Too many requests at once. Wait a moment, then try again."),
};

// Leaving a page breaks off what it still asks for; some browsers do so as soon as the next page is asked for. Whoever
// presses something here has stayed: they downloaded a file, or thought better of it.
let isLeaving = false;
for (const name of ["beforeunload", "pagehide"]) addEventListener(name, () => { isLeaving = true; });
for (const name of ["pageshow", "pointerdown", "keydown"]) addEventListener(name, () => { isLeaving = false; }, true);

function toast(text, level = "") {
  const line = document.createElement("div");
  line.className = `toast-line ${level}`;
  const words = document.createElement("span");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "✕";
  close.setAttribute("aria-label", gettext("Close this message"));
  close.addEventListener("click", () => line.remove());
  line.append(words, close);
  document.getElementById("toasts").append(line);
  if (level !== "bad") setTimeout(() => line.remove(), 8000);
}

document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.level));
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  toast(ERRORS[status] || gettext("The server could not do this (%(status)s). What you typed is still here; try again.", { status }), "bad");
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, () => { if (!isLeaving) toast(ERRORS[0], "bad"); });
}

// Copying: data-copy holds the text, or the id of the element whose text is copied.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copyFrom || "");
  try {
    await navigator.clipboard.writeText(source ? source.value ?? source.textContent : button.dataset.copy);
    toast(gettext("Copied."));
  } catch {
    toast(gettext("Your browser did not allow copying. Select the text and copy it by hand."), "bad");
  }
});

// Single keys: an element says its key in data-key and what it does in data-key-label.
function press(element) {
  if (element.matches("textarea, select, input:not([type=checkbox])")) element.focus();
  else element.click();
  focusIn(element.closest("details.menu[open]")); // at once: the next key is the first letter
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus(null);
  const help = pressed(event) === "?" && !isTyping(event) && !document.querySelector("dialog[open]");
  if (help) {
    event.preventDefault();
    showKeys();
  }
  if (!mayAct(event)) return;
  const element = [...document.querySelectorAll("[data-key]")].find(
    (candidate) => candidate.dataset.key === pressed(event) && !candidate.disabled && candidate.getClientRects().length,
  );
  if (!element) return;
  event.preventDefault();
  press(element);
});

// A key that is printed on a control is this person's.
function printKeys() {
  for (const element of document.querySelectorAll("[data-key], [data-key-name]")) {
    const usual = element.dataset.key || element.dataset.keyName;
    const printed = element.matches("kbd") ? element : element.querySelector("kbd");
    if (printed && keyFor(usual) !== usual) printed.textContent = keyFor(usual);
  }
}
printKeys();
document.addEventListener("htmx:afterSettle", printKeys);

function row(label, keys) {
  const line = document.createElement("li");
  line.append(label);
  const key = document.createElement("kbd");
  key.textContent = keys;
  line.append(key);
  return line;
}

function showKeys() {
  const dialog = document.getElementById("keys");
  const list = dialog.querySelector(".keys");
  const declared = [...document.querySelectorAll("[data-key-label]")];
  list.replaceChildren(...declared.map((element) => row(element.dataset.keyLabel, keyFor(element.dataset.keyName || element.dataset.key))));
  dialog.querySelector("[data-keys-off]").checked = keysOff();
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-show-keys]")) showKeys();
  if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
  if (event.target.matches("dialog")) event.target.close();
  closeMenus(event.target.closest("details.menu"));
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-keys-off]")) turnKeys(event.target.checked);
});

// Menus are native details: only one is open, Escape closes it and gives the focus back.
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu === except) continue;
    const hadFocus = menu.contains(document.activeElement);
    menu.open = false;
    if (hadFocus) menu.querySelector("summary").focus();
  }
}
function focusIn(menu) {
  menu?.querySelector(".sheet :is(select, textarea, input:not([type=hidden]))")?.focus();
}
document.addEventListener("toggle", (event) => { if (event.target.matches?.("details.menu[open]") && !event.target.contains(document.activeElement.closest(".sheet"))) focusIn(event.target); }, true);

// Whoever goes on by Tab leaves no open menu behind, which would cover what comes next.
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Tab" && event.target.closest("details.menu[open]");
  if (menu) setTimeout(() => { menu.open = menu.contains(document.activeElement); });
});

// A region that asks for news by itself waits while somebody is in it: a swap would take the focus away.
document.addEventListener("htmx:beforeRequest", (event) => {
  const isPoll = event.detail.requestConfig.triggeringEvent?.type === "hx:poll:trigger";
  if (isPoll && event.detail.target.matches(":focus-within")) event.preventDefault();
});

// What scrolls sideways can be reached by Tab, and then moved by the arrows.
function reachScrollers() {
  for (const box of document.querySelectorAll(".scroller")) box.tabIndex = box.scrollWidth > box.clientWidth ? 0 : -1;
}
reachScrollers();
addEventListener("resize", reachScrollers);
document.addEventListener("htmx:afterSettle", reachScrollers);

// A sentence for screen readers that needs no place on the screen.
document.addEventListener("say", (event) => { document.getElementById("live").textContent = event.detail; });
