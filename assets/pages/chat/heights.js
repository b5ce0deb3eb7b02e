// How high is what is not in the document? The heights of a list's lines, by position: what was seen once is known, the
// rest counts as an average one. Walking over 100,000 numbers takes a tenth of a millisecond, so nothing cleverer is here.

/** What a line is taken for until some were measured, in pixels. */
const GUESS = 52;
/** After so many the average stands, so that the scroll bar does not breathe. */
const ENOUGH = 40;

export class Heights {
  #known = [];
  #guess = GUESS;
  #measured = 0;

  get length() {
    return this.#known.length;
  }

  /** Other lines, so many: nothing is known of them. */
  reset(length) {
    this.#known = new Array(length).fill(0);
  }

  /** So many lines more before the first one. */
  prepend(count) {
    this.#known = new Array(count).fill(0).concat(this.#known);
  }

  /** So many lines in all: more or less at the end. */
  resize(length) {
    while (this.#known.length < length) this.#known.push(0);
    this.#known.length = length;
  }

  of(at) {
    return this.#known[at] || this.#guess;
  }

  /** Seen to be so high. */
  measure(at, height) {
    if (!this.#known[at] && this.#measured < ENOUGH) {
      this.#guess = (this.#guess * this.#measured + height) / (this.#measured + 1);
      this.#measured += 1;
    }
    this.#known[at] = height;
  }

  /** Where a line begins, from the top of the first; `offset(length)` is where the last one ends. */
  offset(at) {
    let sum = 0;
    for (let i = 0; i < at; i += 1) sum += this.#known[i] || this.#guess;
    return sum;
  }

  /** The line at this distance from the top; the first or the last one beyond the ends. */
  find(y) {
    let at = 0;
    for (let end = this.of(0); at < this.length - 1 && end <= y; end += this.of(at)) at += 1;
    return at;
  }
}
