// What could not be sent is kept on this device until it is: one entry an assignment, gone once the server has it.
const NAME = "touchstone-unsent-";
const DAYS = 7;

const nameOf = (form) => NAME + form.elements.token.value;
const skipped = new Set(["csrfmiddlewaretoken", "token", "submission_id", "active_ms", "shown"]);

/** False when the device keeps nothing (a private window, no room). */
export function keep(form) {
  const fields = [...new FormData(form)].filter(([name]) => !skipped.has(name));
  try {
    localStorage.setItem(nameOf(form), JSON.stringify({ at: Date.now(), fields }));
    return true;
  } catch { return false; }
}

export function forget(form) {
  try { localStorage.removeItem(nameOf(form)); } catch { /* nothing was kept then */ }
}

/** Put what was kept for this item back into its form, unless a later draft is there; true when there was something. */
export function restore(form, savedAt) {
  let kept = null;
  try {
    kept = JSON.parse(localStorage.getItem(nameOf(form)) || "null");
    tidyUp();
  } catch { return false; }
  if (!kept || kept.at < (savedAt || 0)) return false;
  for (const control of form.elements) {
    if (!control.name || skipped.has(control.name)) continue;
    const values = kept.fields.filter(([name]) => name === control.name).map(([, value]) => value);
    if (["radio", "checkbox"].includes(control.type)) control.checked = values.includes(control.value);
    else if (values.length) control.value = values[0];
  }
  return true;
}

/** Nobody comes back to an item after a week: what was kept for it is not left on the device. */
function tidyUp() {
  const names = Object.keys(localStorage).filter((name) => name.startsWith(NAME));
  for (const name of names) {
    if (Date.now() - JSON.parse(localStorage.getItem(name)).at > DAYS * 86_400_000) localStorage.removeItem(name);
  }
}
