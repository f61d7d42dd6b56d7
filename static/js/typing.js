// When single keys must keep still. No state and no listeners: safe to load twice.
const KEYS_OFF = "touchstone-keys-off";

export function keysOff() {
  try { return localStorage.getItem(KEYS_OFF) === "1"; } catch { return false; }
}

export function turnKeys(off) {
  try { localStorage.setItem(KEYS_OFF, off ? "1" : "0"); } catch { /* private mode: nothing is remembered */ }
}

/** True while a person writes: in a text box, or with an input method open. */
export function isTyping(event) {
  const field = event.target.closest?.("input, textarea, select, [contenteditable]");
  const box = field && !["radio", "checkbox", "button", "submit"].includes(field.type);
  return event.isComposing || event.keyCode === 229 || Boolean(box);
}

/** True when a plain key may act: nobody writes, nothing modal is open, keys are on. */
export function mayAct(event) {
  const plain = !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.altKey;
  return plain && !isTyping(event) && !document.querySelector("dialog[open]") && !keysOff();
}
