// The Review tab: a pair, a verdict by key, the next pair. A pair gives way only when its verdict is on disk.

import { button } from "../../page/dom.js";
import { figureButton } from "../../page/figure.js";
import { onEscape, onKey } from "../../page/keys.js";
import { shell } from "../../page/toolbar.js";
import { Candidates, showOthers } from "./candidates.js";
import { Desk, newTicket, Told } from "./desk.js";
import { Head, NAMELESS } from "./head.js";
import { Picture } from "./picture.js";
import { Queue } from "./queue.js";
import { Region } from "./region.js";
import { Verdicts } from "./verdicts.js";
import { showVersus } from "./versus.js";

/** @import { ReviewBoardPart } from "../../page/payloads.js" */

const AT_ONCE = 30; // pairs asked for together
const PHOTOS_AHEAD = 5;
const LEAST_ROOM = 240; // px
const EMPTY = "Choose a review at the left, or begin a new one. The next pair to decide opens here.";
const SETTLED = "Every conflict is settled.";
const DONE = "Every pair of this review is decided by you. Undo takes the last decision back.";

/** @param {ReviewBoardPart} part */
export function mount({ element, props, given, watch }) {
  /** @type {HTMLElement} */
  const root = element.querySelector(".px-review");
  const { notice, body } = shell(root, EMPTY);
  const head = new Head(body, {
    reviewer: () => open(),
    blind: () => desk && show(),
    grouped: () => tellQueue(),
    conflicts: () => open(),
  });
  const picture = new Picture(root, body, given, () => head.blind, say);
  const all = "Individual (G)";
  button(picture.tools, all, `${all}: the photographs of the candidate's individual, the best first`, others);
  const against = "Versus (V)";
  button(picture.tools, against, `${against}: why this candidate and not the best other one of its query`, versus);
  figureButton(picture.tools, () => queue.now?.figure, { root });
  const verdicts = new Verdicts(body, root, given.verdicts, decide, undo);
  const leaving = () => picture.points.leave();
  const region = new Region(picture.stage, picture.tools, body, () => tellQueue(), leaving);
  picture.redrawn = (turned) => region.draw(turned);
  const candidates = new Candidates(body, (place) => visit(queue.places.indexOf(place)));
  picture.below(body);

  /** @type {Desk | null} */
  let desk = null;
  let queue = new Queue();
  let busy = false; // a decision is on its way
  let fetching = false; // more pairs are on their way

  picture.stage.room = () => {
    const below = [picture.told, picture.under, verdicts.node, region.line, candidates.node].reduce(
      (sum, node) => sum + node.offsetHeight,
      40,
    );
    const top = picture.stage.node.getBoundingClientRect().top + scrollY - (root.closest(".tabs")?.scrollTop ?? 0);
    return Math.max(LEAST_ROOM, innerHeight - Math.min(top, innerHeight / 2) - below);
  };

  /** @param {unknown} error */
  function say(error) {
    notice.textContent = error instanceof Told ? error.message : error ? "The page could not do this. Reload it." : "";
    if (error && !(error instanceof Told)) console.error(error);
  }

  /** All but the picture. */
  function tellQueue() {
    const { now } = queue;
    head.progress(queue.progress);
    region.of(queue);
    candidates.show(queue, head.blind, head.grouped, verdicts.words, region);
    verdicts.tell(now);
    root.classList.toggle("px-done", !now);
    if (now) head.pair(now);
    else head.nothing(head.settling ? SETTLED : queue.progress.open ? "Fetching the next pairs" : DONE);
  }

  function show() {
    tellQueue();
    return picture.show(queue.now, queue.next(PHOTOS_AHEAD));
  }

  /** Another pair is on show. */
  function fresh() {
    verdicts.remark.value = "";
    tellQueue();
    void picture.fresh(queue.now, queue.next(PHOTOS_AHEAD));
  }

  /** @param {number} at */
  function visit(at) {
    queue.at = at;
    fresh();
  }

  function named() {
    if (head.reviewer) return true;
    say(new Told(NAMELESS));
    head.who.focus();
    return false;
  }

  /** Does what the server keeps, one thing at a time.
   * @param {() => Promise<void>} act */
  async function keep(act) {
    if (busy || !desk || !named()) return;
    busy = true;
    try {
      await act();
    } catch (error) {
      say(error);
    } finally {
      busy = false;
    }
  }

  /** @param {string} verdict */
  function decide(verdict) {
    const { now } = queue;
    // While the next pair is fetched the last one is still to be seen: a key is not for what nobody sees.
    if (!now || !picture.shows(now)) return;
    void keep(async () => {
      const kept = await desk.decide({
        ticket: newTicket(),
        reviewer: head.reviewer,
        query: now.query.id,
        candidate: verdict === "new_individual" ? "" : now.candidate.id,
        verdict,
        note: verdicts.remark.value,
        blind: head.blind,
        settles: head.settling,
        share: picture.share.told?.share ?? null,
      });
      queue.progress = kept.progress;
      queue.decided(verdict);
      say(null);
      fresh();
      void more();
    });
  }

  function undo() {
    void keep(async () => {
      const { task, number, progress } = await desk.undo(head.reviewer);
      queue.progress = progress;
      if (task) queue.undone(task);
      say(number === null ? new Told("There is nothing left to undo.") : null);
      fresh();
    });
  }

  async function more() {
    if (!queue.short || head.settling || fetching) return;
    const mine = queue;
    fetching = true;
    try {
      const answer = await desk.queue(head.reviewer, AT_ONCE, false);
      if (mine !== queue) return;
      const before = queue.now;
      queue.add(answer.tasks);
      if (before) tellQueue();
      else await show();
    } catch (error) {
      say(error);
    } finally {
      fetching = false;
    }
  }

  async function open() {
    const name = props.value?.name ?? "";
    desk = name ? new Desk(given.root, name) : null;
    const mine = (queue = new Queue());
    picture.begin(desk);
    region.begin(desk);
    root.classList.toggle("px-ready", Boolean(name));
    say(null);
    if (!desk || !named()) return;
    try {
      const answer = await desk.queue(head.reviewer, AT_ONCE, head.settling);
      if (mine !== queue) return;
      queue.progress = answer.progress;
      queue.add(answer.tasks);
      head.opened(answer);
      fresh();
    } catch (error) {
      say(error);
    }
  }

  async function others() {
    if (!queue.now) return;
    try {
      const { candidate, query } = queue.now;
      showOthers(root, await desk.others(candidate.id, head.blind ? "" : query.id), head.blind);
    } catch (error) {
      say(error);
    }
  }

  function versus() {
    if (queue.now) void showVersus(root, desk, queue.now, head.blind, given.look.lines);
  }

  /** @param {number} by */
  function step(by) {
    if (!queue.now && by > 0) return;
    queue.step(by);
    fresh();
  }

  onKey(root, "x", () => picture.explain());
  onKey(root, "p", () => {
    region.leave();
    if (queue.now) picture.points.toggle(false);
  });
  onKey(root, "r", () => region.toggle());
  onKey(root, "g", others);
  onKey(root, "v", versus);
  onKey(root, "j", () => step(1));
  onKey(root, "k", () => step(-1));
  onEscape(root, () => {
    picture.points.leave();
    region.leave();
  });
  watch("value", open);
  void open();
}
