// The pairs of a review on this page: those that were decided here, the one on show, and those to come.

/** @import { ReviewProgress, ReviewTask } from "../../page/payloads.js" */

/** @typedef {ReviewTask & {verdict: string}} Place verdict: what was decided here, "" if nothing */

/** Pairs that lie ready at least, before more are asked for. */
const FEW = 12;

/** @param {ReviewTask} task */
export const keyOf = (task) => JSON.stringify([task.query.id, task.candidate.id]);

export class Queue {
  constructor() {
    /** @type {Place[]} */
    this.places = [];
    this.at = 0;
    /** @type {ReviewProgress} */
    this.progress = { decided: 0, skipped: 0, open: 0 };
  }

  /** The pair on show; undefined when there is none. */
  get now() {
    return this.places[this.at];
  }

  /** Whether more pairs should be asked for. */
  get short() {
    const ready = this.places.slice(this.at).filter(({ verdict }) => !verdict).length;
    return ready < FEW && ready < this.progress.open;
  }

  /** The pairs after the one on show that are still to decide.
   * @param {number} count */
  next(count) {
    return this.places
      .slice(this.at + 1)
      .filter(({ verdict }) => !verdict)
      .slice(0, count);
  }

  /** More pairs of the server's queue, in its order: those that are here stay where they are.
   * @param {ReviewTask[]} tasks */
  add(tasks) {
    const known = new Map(this.places.map((place) => [keyOf(place), place]));
    for (const task of tasks) {
      const place = known.get(keyOf(task));
      if (!place) this.places.push({ ...task, verdict: "" });
      else if (place.verdict === "skip" && place !== this.now) {
        // It was put off, and comes again at the end.
        this.places.splice(this.places.indexOf(place), 1);
        this.at = Math.max(0, this.at - 1);
        this.places.push({ ...task, verdict: "" });
      }
    }
  }

  /** The pair on show was decided: go on to the next that is still to decide. A new individual answers all pairs of its
   * query.
   * @param {string} verdict */
  decided(verdict) {
    const { now } = this;
    now.verdict = verdict;
    if (verdict === "new_individual")
      for (const place of this.places) if (place.query.id === now.query.id && !place.verdict) place.verdict = verdict;
    const next = this.places.findIndex((place, i) => i > this.at && !place.verdict);
    this.at = next < 0 ? this.places.length : next;
  }

  /** The decision about a pair was taken back: it is on show again.
   * @param {ReviewTask} task */
  undone(task) {
    const at = this.places.findIndex((place) => keyOf(place) === keyOf(task));
    if (at < 0) {
      this.places.splice(this.at, 0, { ...task, verdict: "" });
      return;
    }
    const was = this.places[at].verdict;
    this.places[at].verdict = "";
    if (was === "new_individual")
      for (const place of this.places)
        if (place.query.id === task.query.id && place.verdict === was) place.verdict = "";
    this.at = at;
  }

  /** Steps to another pair without deciding.
   * @param {number} by */
  step(by) {
    this.at = Math.min(Math.max(0, this.at + by), Math.max(0, this.places.length - 1));
  }

  /** The candidates of the query on show, as far as they are here. */
  get candidates() {
    const query = this.now?.query.id;
    return this.places.filter((place) => place.query.id === query);
  }
}
