// When single keys must keep still. No state and no listeners: safe to load twice.
const KEYS_OFF = "touchstone-keys-off";

const own = new Map();
let allOff = false;
try {
  const settings = JSON.parse(document.getElementById("key-settings")?.textContent || "{}");
  for (const [usual, key] of Object.entries(settings.map || {})) own.set(usual, key);
  allOff = Boolean(settings.off);
} catch { /* the usual keys, then */ }

/** This person's key for what a page prints as `usual`. */
export const keyFor = (usual) => own.get(usual) ?? usual;

/** What the pressed key usually is: `s` when this person has put "skip" on `x` and pressed `x`; "" when it is free. */
export function pressed(event) {
  for (const [usual, key] of own) if (key === event.key) return usual;
  return own.has(event.key) ? "" : event.key;
}

export function keysOff() {
  if (allOff) return true;
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
