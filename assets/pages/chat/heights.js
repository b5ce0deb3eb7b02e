// How high are the lines that are not in the document? A line that was drawn once has its measured height, any other one
// the average. Adding up 100,000 numbers takes a tenth of a millisecond, so a plain array is enough.

/** The height that a line is given before any was measured, in pixels. */
const GUESS = 52;
/** After so many measured lines the average stays as it is, so that the scroll bar does not change its size any more. */
const ENOUGH = 40;

export class Heights {
  #known = [];
  #guess = GUESS;
  #measured = 0;

  get length() {
    return this.#known.length;
  }

  /** Begins again with so many other lines, of which none is measured. */
  reset(length) {
    this.#known = new Array(length).fill(0);
  }

  /** Adds so many lines before the first one. */
  prepend(count) {
    this.#known = new Array(count).fill(0).concat(this.#known);
  }

  /** Adds or removes lines at the end, so that there are so many in all. */
  resize(length) {
    while (this.#known.length < length) this.#known.push(0);
    this.#known.length = length;
  }

  of(at) {
    return this.#known[at] || this.#guess;
  }

  /** Notes the measured height of a line. */
  measure(at, height) {
    if (!this.#known[at] && this.#measured < ENOUGH) {
      this.#guess = (this.#guess * this.#measured + height) / (this.#measured + 1);
      this.#measured += 1;
    }
    this.#known[at] = height;
  }

  /** Where a line begins, measured from the top of the first one; `offset(length)` is where the last one ends. */
  offset(at) {
    let sum = 0;
    for (let i = 0; i < at; i += 1) sum += this.#known[i] || this.#guess;
    return sum;
  }

  /** The line at this distance from the top; beyond the ends the first or the last one. */
  find(y) {
    let at = 0;
    for (let end = this.of(0); at < this.length - 1 && end <= y; end += this.of(at)) at += 1;
    return at;
  }
}
