// What scripts say, in the language of the page: a catalogue of base.html where that is not English.
const words = JSON.parse(document.getElementById("translations")?.textContent || "{}");

/** `text` in the language of the page; each `%(name)s` in it is replaced by the value of that name. */
export function gettext(text, values = {}) {
  return (words[text] || text).replace(/%\((\w+)\)s/g, (whole, name) => values[name] ?? whole);
}
