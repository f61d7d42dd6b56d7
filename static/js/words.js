// Choosing words of a layer by keyboard: arrows move by word, up and down by a line's worth, Shift extends.
import { rangeOfUnits, wordsOf } from "./offsets.js";

const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 8, ArrowUp: -8 };

export class WordChoice {
  constructor(layer) {
    this.layer = layer;
    this.all = wordsOf(layer.textContent);
    [this.first, this.last] = [0, 0];
    layer.classList.add("wording");
    layer.focus({ preventScroll: true });
    this.show();
  }

  /** True when the key was one of ours. */
  move(key, extend) {
    const step = STEPS[key];
    if (!step) return false;
    const low = extend ? this.first : 0;
    this.last = Math.max(low, Math.min(this.all.length - 1, this.last + step));
    if (!extend) this.first = this.last;
    this.show();
    return true;
  }

  show() {
    if (!this.all.length) return;
    const range = rangeOfUnits(this.layer, this.all[this.first][0], this.all[this.last][1]);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    const box = range.getBoundingClientRect();
    const [top, bottom] = [72, innerHeight - 120]; // between the bars of the page
    if (box.top < top || box.bottom > bottom) scrollBy({ top: box.top - (top + bottom) / 2, behavior: "instant" });
    document.dispatchEvent(new CustomEvent("say", { detail: range.toString() }));
  }

  leave() {
    this.layer.classList.remove("wording");
  }
}
