// From what a browser selects (UTF-16 units in a tree of nodes) to what is stored (code points in the canonical text).

/** Code points before UTF-16 index `unit`. */
export function pointsBefore(text, unit) {
  let points = 0;
  for (let at = 0; at < unit; points += 1) at += text.codePointAt(at) > 0xffff ? 2 : 1;
  return points;
}

/** Code point -> UTF-16 index, of each of these: the text is walked once, however many they are. */
export function unitsOf(text, points) {
  const found = new Map();
  let [at, seen] = [0, 0];
  for (const point of [...new Set(points)].sort((a, b) => a - b)) {
    for (; seen < point && at < text.length; seen += 1) at += text.codePointAt(at) > 0xffff ? 2 : 1;
    found.set(point, at);
  }
  return found;
}

const graphemes = "Segmenter" in Intl ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : null;

/** The same stretch without white space at its ends and grown to whole characters as people see them; null when empty. */
export function tidy(text, start, end) {
  while (start < end && /\s/.test(text[start])) start += 1;
  while (end > start && /\s/.test(text[end - 1])) end -= 1;
  if (start >= end) return null;
  if (graphemes) {
    const segments = graphemes.segment(text);
    const last = segments.containing(end - 1);
    return [segments.containing(start).index, last.index + last.segment.length];
  }
  const cuts = (at) => /[\uDC00-\uDFFF]/.test(text[at] ?? "") && /[\uD800-\uDBFF]/.test(text[at - 1] ?? "");
  return [cuts(start) ? start - 1 : start, cuts(end) ? end + 1 : end];
}

/** UTF-16 [start, end) of a Range inside a layer; parts outside the layer are cut off; null when nothing is left. */
export function unitsOfRange(layer, range) {
  if (!range.intersectsNode(layer)) return null;
  const before = document.createRange();
  before.selectNodeContents(layer);
  const whole = before.cloneRange();
  if (range.comparePoint(layer, 0) < 0) before.setEnd(range.startContainer, range.startOffset);
  else before.collapse(true);
  const start = before.toString().length;
  if (range.comparePoint(layer, layer.childNodes.length) > 0) whole.setEnd(range.endContainer, range.endOffset);
  const end = whole.toString().length;
  return start < end ? [start, end] : null;
}

/** A Range over UTF-16 [start, end) of a layer. */
export function rangeOfUnits(layer, start, end) {
  const range = document.createRange();
  const walker = document.createTreeWalker(layer, NodeFilter.SHOW_TEXT);
  let seen = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (start >= seen && start <= seen + node.length) range.setStart(node, start - seen);
    if (end <= seen + node.length) {
      range.setEnd(node, end - seen);
      return range;
    }
    seen += node.length;
  }
  return range;
}

/** Words as UTF-16 [start, end), for choosing by keyboard. */
export function wordsOf(text) {
  if ("Segmenter" in Intl) {
    const words = [...new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)];
    return words.filter((word) => word.segment.trim()).map((word) => [word.index, word.index + word.segment.length]);
  }
  return [...text.matchAll(/\S+/g)].map((word) => [word.index, word.index + word[0].length]);
}

/** Draw marks: [{start, end, id, kind, name}] in UTF-16 units. Where they overlap they nest, the shortest innermost, and
    each keeps a line of its own below the words. */
export function draw(layer, marks) {
  for (const old of layer.querySelectorAll("mark")) old.replaceWith(...old.childNodes);
  layer.normalize();
  inLanes(marks);
  const cuts = [...new Set(marks.flatMap((mark) => [mark.start, mark.end]))].sort((a, b) => a - b);
  const nodes = [];
  const walker = document.createTreeWalker(layer, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) nodes.push(node);
  let at = 0;
  for (let node of nodes) {
    const end = at + node.length;
    for (const cut of cuts.filter((place) => place > at && place < end)) {
      const rest = node.splitText(cut - at);
      wrap(node, marks, at);
      [node, at] = [rest, cut];
    }
    wrap(node, marks, at);
    at = end;
  }
}

/** Shortest first; each mark gets the first lane that no mark it overlaps has taken. */
function inLanes(marks) {
  marks.sort((a, b) => a.end - a.start - (b.end - b.start) || a.start - b.start);
  for (const [number, mark] of marks.entries()) {
    const taken = marks.slice(0, number).filter((other) => other.start < mark.end && mark.start < other.end).map((other) => other.lane);
    mark.lane = 0;
    while (taken.includes(mark.lane)) mark.lane += 1;
  }
}

function wrap(node, marks, at) {
  if (!node.length) return;
  for (const one of marks.filter((mark) => mark.start <= at && mark.end >= at + node.length)) {
    const mark = document.createElement("mark");
    mark.dataset.kind = one.kind;
    mark.dataset.flags = one.id;
    mark.dataset.lane = String(Math.min(one.lane, 3));
    mark.className = one.kind;
    mark.classList.toggle("begins", one.start === at);
    mark.title = one.name;
    node.replaceWith(mark);
    mark.append(node);
    node = mark;
  }
}
