// The Review tab: a pair, a verdict by key, the next pair. A pair gives way only when its verdict is on disk.

import { button, make } from "../../page/dom.js";
import { LinkedView } from "../../page/geometry.js";
import { onKey } from "../../page/keys.js";
import { Notes } from "../../page/notes.js";
import { PairView, readScene } from "../../page/pairview.js";
import { holdButton, opacitySlider, shell, ZoomTools } from "../../page/toolbar.js";
import { Adjust } from "./adjust.js";
import { Candidates, showOthers } from "./candidates.js";
import { Desk, newTicket, Told } from "./desk.js";
import { ready } from "./photos.js";
import { keyOf, Queue } from "./queue.js";

/** @import { ReviewBoardPart, ReviewPhoto } from "../../page/payloads.js" */
/** @import { Drawn } from "../../page/pairview.js" */

const AT_ONCE = 30; // pairs asked for together
const PHOTOS_AHEAD = 5;
const EXPLAINED_AHEAD = 2;
const MOST_DRAWN = 12;
const LEAST_ROOM = 240; // px
const EMPTY = "Choose a review at the left, or begin a new one. The next pair to decide opens here.";
const SETTLED = "Every conflict is settled.";
const SETTLING = "Reviewers differ on these pairs. Your verdict settles each; what they said stays in the log.";
const DONE = "Every pair of this review is decided by you. Undo takes the last decision back.";

/** @param {ReviewBoardPart} part */
export function mount({ element, props, given, watch }) {
  /** @type {HTMLElement} */
  const root = element.querySelector(".px-review");
  const { notice, body } = shell(root, EMPTY);
  const head = make("div", "px-review-head", body);
  const label = make("label", "px-order", head, "Your name");
  const who = Object.assign(make("input", "px-who", label), { type: "text", maxLength: 80, autocomplete: "name" });
  who.value = localStorage.getItem("px-reviewer") ?? "";
  const blindButton = button(head, "Blind", "Blind: names, similarity and ranks are hidden", () => setBlind(!blind));
  const differing = button(head, "Conflicts", "Conflicts: the pairs on which reviewers differ, to be settled", () => {
    settling = !settling;
    void open();
  });
  const share = make("div", "px-progress", head);
  share.setAttribute("role", "progressbar");
  share.setAttribute("aria-label", "Pairs that you decided");
  const filled = make("span", "", share);
  const counted = make("span", "px-hint", head);
  const about = make("p", "px-hint", body);
  const titles = make("div", "px-review-titles", body);
  const [queryTitle, candidateTitle] = [make("div", "", titles), make("div", "", titles)];
  const view = new LinkedView();
  const zoom = new ZoomTools(body, "Picture of the pair", view, moved);
  const overlay = button(zoom.node, "PAIR-X (X)", "PAIR-X (X): what the model matched, over the photographs", explain);
  holdButton(zoom.node);
  opacitySlider(zoom.node, given.look.opacity, (value) => root.style.setProperty("--px-opacity", String(value)));
  button(
    zoom.node,
    "All of this one (G)",
    "All of this one (G): every photograph of the candidate's individual",
    others,
  );
  const picture = new PairView(body, view, given.look.lines, moved);
  const verdicts = make("div", "px-verdicts", body);
  verdicts.setAttribute("role", "toolbar");
  verdicts.setAttribute("aria-label", "Verdict");
  const words = new Map(given.verdicts.map(([name, text]) => [name, text]));
  for (const [name, text, key] of given.verdicts) {
    const node = button(verdicts, `${text} (${key})`, `${text} (${key})`, () => decide(name));
    node.dataset.verdict = name;
    onKey(root, key === "Space" ? " " : key.toLowerCase(), () => decide(name));
  }
  const undoing = button(verdicts, "Undo (Z)", "Undo (Z): takes your last decision back", undo);
  const note = Object.assign(make("input", "px-remark", verdicts), { type: "text", maxLength: 2000 });
  note.placeholder = "A note to this pair";
  note.setAttribute("aria-label", "A note to this pair");
  note.addEventListener("keydown", (event) => event.key === "Enter" && note.blur());
  const candidates = new Candidates(body, (place) => visit(queue.places.indexOf(place)));
  const adjust = new Adjust(body, picture.stage, () => show());
  const notes = new Notes(body);

  /** @type {Desk | null} */
  let desk = null;
  let queue = new Queue();
  let blind = localStorage.getItem("px-blind") === "1";
  let explained = localStorage.getItem("px-explained") === "1";
  let settling = false;
  let busy = false;
  let shown = 0; // counts what was asked to be shown, so that only the last is
  /** @type {Map<string, Drawn>} */
  const drawn = new Map();
  /** @type {AbortController | null} */
  let ahead = null;

  picture.stage.room = () => {
    const below = verdicts.offsetHeight + candidates.node.offsetHeight + 24;
    const top = picture.stage.node.getBoundingClientRect().top + scrollY - (root.closest(".tabs")?.scrollTop ?? 0);
    return Math.max(LEAST_ROOM, innerHeight - Math.min(top, innerHeight / 2) - below);
  };

  function moved() {
    zoom.tell();
    picture.stage.move();
  }

  /** @param {unknown} error */
  function say(error) {
    notice.textContent = error instanceof Told ? error.message : error ? "The page could not do this. Reload it." : "";
    if (error && !(error instanceof Told)) console.error(error);
  }

  /** @param {ReviewPhoto} photo @param {HTMLElement} node @param {string} what @param {string} known */
  function title(photo, node, what, known) {
    node.replaceChildren();
    make("strong", "", node, what);
    if (blind) return;
    make("bdi", "px-named", node, photo.id).title = photo.id;
    const facts = [photo.identity || "individual unknown", ...photo.facts.map(([, value]) => value), known];
    make("span", "px-hint", node, facts.filter(Boolean).join(" · "));
  }

  function tellProgress() {
    const { decided, skipped, open } = queue.progress;
    const all = decided + open;
    counted.textContent =
      `${decided.toLocaleString("en")} of ${all.toLocaleString("en")} decided` +
      (skipped ? `, ${skipped} skipped` : "");
    share.setAttribute("aria-valuemax", String(all || 1));
    share.setAttribute("aria-valuenow", String(decided));
    filled.style.width = `${all ? (100 * decided) / all : 0}%`;
    candidates.show(queue, blind, words);
  }

  async function show() {
    const { now } = queue;
    shown += 1;
    const own = shown;
    tellProgress();
    root.classList.toggle("px-done", !now);
    for (const node of verdicts.querySelectorAll("button")) node.disabled = !now && node !== undoing;
    if (!now) {
      delete root.dataset.key;
      picture.stage.node.hidden = true;
      titles.replaceChildren(
        make("strong", "", null, settling ? SETTLED : queue.progress.open ? "Fetching the next pairs" : DONE),
      );
      return;
    }
    titles.replaceChildren(queryTitle, candidateTitle);
    picture.stage.node.hidden = false;
    const known = [now.rank && `candidate ${now.rank}`, now.cosine !== null && `cosine ${now.cosine.toFixed(3)}`];
    title(now.query, queryTitle, "Query", "");
    title(now.candidate, candidateTitle, "Candidate", known.filter(Boolean).join(" · "));
    for (const node of verdicts.querySelectorAll("button[data-verdict]"))
      node.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (node).dataset.verdict === now.verdict));
    try {
      const names = blind ? ["", ""] : [now.query.id, now.candidate.id];
      const photos = await Promise.all([
        adjust.photo(now.query, 0, names[0]),
        adjust.photo(now.candidate, 1, names[1]),
      ]);
      if (own !== shown) return;
      const key = keyOf(now);
      const scene = explained && !adjust.moved ? drawn.get(key) : null;
      picture.show(key, photos, scene ?? null);
      adjust.light();
      notes.show(scene ? scene.scene.notes : []);
      root.dataset.key = key;
      root.dataset.explained = String(Boolean(scene));
      moved();
      look();
    } catch (error) {
      if (own === shown) say(error instanceof Told ? error : new Told("A photograph of this pair cannot be shown."));
    }
  }

  // What will be wanted next is made ready: first the pair on show, then the photographs, then PAIR-X of the next.
  async function look() {
    const { now } = queue;
    for (const place of queue.next(PHOTOS_AHEAD)) for (const photo of [place.query, place.candidate]) void ready(photo);
    if (!explained || !now) return;
    ahead?.abort();
    const mine = (ahead = new AbortController());
    for (const place of [now, ...queue.next(EXPLAINED_AHEAD)]) {
      const key = keyOf(place);
      if (drawn.has(key) || mine.signal.aborted) continue;
      try {
        const scene = await desk.scene(place.query.id, place.candidate.id, place !== now, mine.signal);
        if (!scene) return;
        drawn.set(key, await readScene(scene));
        if (drawn.size > MOST_DRAWN) drawn.delete(drawn.keys().next().value);
        if (queue.now && keyOf(queue.now) === key) await show();
      } catch (error) {
        if (!mine.signal.aborted && place === queue.now) say(error);
        return;
      }
    }
  }

  /** @param {number} at */
  function visit(at) {
    queue.at = at;
    fresh();
  }

  /** Another pair is on show. */
  function fresh() {
    adjust.reset();
    note.value = "";
    void show();
  }

  /** @param {string} verdict */
  async function decide(verdict) {
    const { now } = queue;
    if (busy || !now || !named()) return;
    busy = true;
    try {
      const kept = await desk.decide({
        ticket: newTicket(),
        reviewer: who.value,
        query: now.query.id,
        candidate: verdict === "new_individual" ? "" : now.candidate.id,
        verdict,
        note: note.value,
        blind,
        settles: settling,
      });
      queue.progress = kept.progress;
      queue.decided(verdict);
      say(null);
      fresh();
      await more();
    } catch (error) {
      say(error);
    } finally {
      busy = false;
    }
  }

  async function undo() {
    if (busy || !desk || !named()) return;
    busy = true;
    try {
      const { task, number, progress } = await desk.undo(who.value);
      queue.progress = progress;
      if (task) queue.undone(task);
      say(number === null ? new Told("There is nothing left to undo.") : null);
      fresh();
    } catch (error) {
      say(error);
    } finally {
      busy = false;
    }
  }

  function named() {
    if (who.value.trim()) return true;
    say(new Told("Say who reviews: write your name above the photographs."));
    who.focus();
    return false;
  }

  async function more() {
    if (!queue.short || settling) return;
    const mine = queue;
    const answer = await desk.queue(who.value, AT_ONCE, settling);
    if (mine !== queue) return;
    queue.progress = answer.progress;
    const before = queue.now;
    queue.add(answer.tasks);
    if (!before && queue.now) await show();
    else tellProgress();
  }

  async function open() {
    const name = props.value?.name ?? "";
    desk = name ? new Desk(given.root, name) : null;
    queue = new Queue();
    drawn.clear();
    ahead?.abort();
    root.classList.toggle("px-ready", Boolean(name));
    say(null);
    if (!desk || !named()) return;
    try {
      const answer = await desk.queue(who.value, AT_ONCE, settling);
      queue.progress = answer.progress;
      queue.add(answer.tasks);
      counted.title = answer.about;
      about.textContent = settling ? SETTLING : answer.note;
      settling &&= answer.conflicts > 0;
      differing.hidden = !answer.conflicts;
      differing.textContent = settling ? "Back to the queue" : `Conflicts (${answer.conflicts})`;
      differing.setAttribute("aria-label", differing.textContent);
      differing.setAttribute("aria-pressed", String(settling));
      fresh();
    } catch (error) {
      say(error);
    }
  }

  function explain() {
    explained = !explained;
    localStorage.setItem("px-explained", explained ? "1" : "0");
    overlay.setAttribute("aria-pressed", String(explained));
    if (!explained) ahead?.abort();
    void show();
  }

  /** @param {boolean} on */
  function setBlind(on) {
    blind = on;
    localStorage.setItem("px-blind", on ? "1" : "0");
    blindButton.setAttribute("aria-pressed", String(on));
    if (desk) void show();
  }

  async function others() {
    if (!queue.now) return;
    try {
      showOthers(root, await desk.others(queue.now.candidate.id), blind);
    } catch (error) {
      say(error);
    }
  }

  onKey(root, "z", undo);
  onKey(root, "x", explain);
  onKey(root, "g", others);
  for (const [letter, by] of /** @type {[string, number][]} */ ([
    ["j", 1],
    ["k", -1],
  ]))
    onKey(root, letter, () => {
      if (!queue.now && by > 0) return;
      queue.step(by);
      fresh();
    });
  who.addEventListener("change", () => {
    localStorage.setItem("px-reviewer", who.value.trim());
    void open();
  });
  overlay.setAttribute("aria-pressed", String(explained));
  setBlind(blind);
  root.style.setProperty("--px-opacity", String(given.look.opacity));
  watch("value", open);
  new ResizeObserver(() => picture.stage.layout()).observe(root);
  void open();
}
