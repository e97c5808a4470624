// What the server keeps of a review: asked for and told by its own addresses, so that an answer means "on disk".

/** @import { PointAnswer, ReviewDecision, ReviewKept, ReviewOthers, ReviewQueue, ReviewRegion, ReviewRegionAsked } from "../../page/payloads.js" */
/** @import { ReviewShare, ReviewUndone, ReviewVersus, ReviewWarnings, Scene } from "../../page/payloads.js" */
/** @import { Place as Asked } from "../../page/pointing.js" */
/** @import { Place } from "./queue.js" */

const PAUSES = [200, 500, 1000, 2000]; // ms before what the network lost is sent again

/** What a person has to know, in words. */
export class Told extends Error {}

/** A text that no other decision has. */
export const newTicket = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export class Desk {
  /** @param {string} root @param {string} name */
  constructor(root, name) {
    this.base = new URL(`${root}/${encodeURIComponent(name)}/`, document.baseURI).href;
  }

  /** @param {string} reviewer @param {number} limit @param {boolean} conflicts the pairs on which reviewers differ
   * @returns {Promise<ReviewQueue>} */
  queue(reviewer, limit, conflicts) {
    const asked = { reviewer, limit: String(limit), ...(conflicts && { conflicts: "1" }) };
    return this.ask(`queue?${new URLSearchParams(asked)}`);
  }

  /** @param {ReviewDecision} decision
   * @returns {Promise<ReviewKept>} */
  decide(decision) {
    return this.send("decide", decision);
  }

  /** @param {string} reviewer
   * @returns {Promise<ReviewUndone>} */
  undo(reviewer) {
    return this.send("undo", { reviewer, ticket: newTicket() });
  }

  /** The photographs of an individual.
   * @param {string} id of one of them @param {string} query to which the most similar come first; "" for none
   * @returns {Promise<ReviewOthers>} */
  others(id, query) {
    return this.ask(`others?${new URLSearchParams({ id, query })}`);
  }

  /** PAIR-X of a pair; null where it was no longer wanted.
   * @param {string} query @param {string} candidate @param {boolean} ahead whether the pair is not on show yet
   * @param {AbortSignal} signal given when the person went on
   * @returns {Promise<Scene | null>} */
  scene(query, candidate, ahead, signal) {
    return this.wanted("scene", { query, candidate, ...(ahead && { ahead: "1" }) }, signal);
  }

  /** The candidate of a pair against the best other one of its query.
   * @param {Place} place @param {AbortSignal} signal given when the person went on
   * @returns {Promise<ReviewVersus>} */
  async versus({ query, candidate }, signal) {
    const asked = new URLSearchParams({ query: query.id, candidate: candidate.id });
    return read(await fetch(`${this.base}versus?${asked}`, { signal }));
  }

  /** What the other photograph answers to a place of one.
   * @param {Place} place of the queue @param {Asked} asked
   * @returns {Promise<PointAnswer>} */
  point({ query, candidate }, { side, place }) {
    const asked = { query: query.id, candidate: candidate.id, side: String(side), place: place.join(",") };
    return this.ask(`point?${new URLSearchParams(asked)}`);
  }

  /** What to beware of in a pair; null where it was no longer wanted.
   * @param {string} query @param {string} candidate @param {AbortSignal} signal given when the person went on
   * @returns {Promise<ReviewWarnings | null>} */
  warnings(query, candidate, signal) {
    return this.wanted("warnings", { query, candidate }, signal);
  }

  /** What speaks for a pair; null where it was no longer wanted.
   * @param {string} query @param {string} candidate @param {AbortSignal} signal given when the person went on
   * @returns {Promise<ReviewShare | null>} */
  share(query, candidate, signal) {
    return this.wanted("share", { query, candidate }, signal);
  }

  /** Candidates in the order of a part of the query.
   * @param {ReviewRegionAsked} asked
   * @returns {Promise<ReviewRegion>} */
  region(asked) {
    return this.send("region", asked);
  }

  /** @param {string} what @param {Record<string, string>} asked @param {AbortSignal} signal */
  async wanted(what, asked, signal) {
    const answer = await fetch(`${this.base}${what}?${new URLSearchParams(asked)}`, { signal });
    return answer.status === 204 ? null : read(answer);
  }

  /** @param {string} what */
  async ask(what) {
    return read(await patient(() => fetch(this.base + what)));
  }

  /** Sent again until it is answered: a decision has its ticket, and counts once.
   * @param {string} what @param {object} body */
  async send(what, body) {
    const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    return read(await patient(() => fetch(this.base + what, request)));
  }
}

/** @param {() => Promise<Response>} ask */
async function patient(ask) {
  for (const pause of [...PAUSES, null]) {
    const answer = await ask().catch(() => null);
    if (answer && answer.status !== 502 && answer.status !== 503) return answer;
    if (pause === null) throw new Told("The server does not answer: nothing was kept. Press the key again.");
    await new Promise((done) => setTimeout(done, pause));
  }
}

/** @param {Response} answer */
async function read(answer) {
  const value = await answer.json().catch(() => null);
  if (answer.ok && value) return value;
  throw new Told(value?.error ?? `The server refused (${answer.status}): nothing was kept.`);
}
