// The chosen pair: photographs and scores at once, then PAIR-X over them. It stays in sight, or covers the window.

import { button, make } from "../../page/dom.js";
import { fetched } from "../../page/fetching.js";
import { figureButton } from "../../page/figure.js";
import { LinkedView } from "../../page/geometry.js";
import { keeps, modified, onEscape, onKey, step, ZOOMS } from "../../page/keys.js";
import { Notes } from "../../page/notes.js";
import { on } from "../../page/state.js";
import { holdButton, opacitySlider, shell, ZoomTools } from "../../page/toolbar.js";
import { Glossary } from "./glossary.js";
import { kept, Lookahead } from "./kept.js";
import { LAYERS, PairView, readScene } from "../../page/pairview.js";
import { selection, verdictMark } from "./selection.js";
import { Wide } from "./wide.js";

/** @import { PairPanelPart, PairText, PairValue } from "../../page/payloads.js" */
/** @import { Drawn } from "../../page/pairview.js" */

/** @param {PairText} pair */
const photosOf = (pair) => pair.photos.map((photo) => ({ ...photo, src: photo.file.url }));

/** Keys that step through the pairs while the photographs have the focus. */
const STEPS = { ArrowRight: 1, ArrowLeft: -1 };
/** Width of the window, px, from which the panel stands beside the plot. */
const BESIDE = window.matchMedia("(min-width: 1201px)");
const LEAST_ROOM = 240; // px

/** @param {PairPanelPart} part */
export function mount({ element, props, given, trigger, watch }) {
  /** @type {HTMLElement} */
  const root = element.querySelector(".px-pairpanel");
  const view = new LinkedView();
  const { body } = shell(root, "Choose a point of the plot or a row of the table: its pair opens here.");
  const heading = make("div", "px-pair-heading", body);
  const verdict = make("div", "px-pair-verdict", heading);
  const doing = make("div", "px-pair-do", heading);
  const link = make("a", "px-button px-link", doing, "Open in Explain");
  link.title = "Open in Explain: the same pair with all that can be set there. Back returns here.";
  /** @type {PairText | null} */
  let pair = null; // on show
  figureButton(doing, () => (root.classList.contains("px-stale") ? null : pair?.figure), { root });
  const going = make("div", "px-tools px-going", body);
  going.setAttribute("role", "toolbar");
  going.setAttribute("aria-label", "Chosen pair");
  const before = button(going, "Previous", "Previous (K): the pair before, in the order of the table", () => go(-1));
  const after = button(going, "Next", "Next (J): the pair after, in the order of the table", () => go(1));
  const place = make("span", "px-hint px-place", going);
  const layers = Object.entries(LAYERS).map(([layer, meaning]) => {
    const node = button(going, meaning.split(":")[0], meaning, () => lay(layer));
    return /** @type {const} */ ([layer, node]);
  });
  const widen = button(going, "Full width", "", () => wide.set(!wide.on));
  const note = make("div", "px-pair-note", body);
  const text = make("span", "", note);
  const halt = button(note, "Stop", "Stop explaining this pair", stop);
  const bar = make("div", "px-progress", note);
  const part = make("span", "", bar);
  const picture = new PairView(body, view, given.lines, moved);
  const { stage } = picture;
  const zoom = new ZoomTools(body, "Picture of the chosen pair", view, moved);
  holdButton(zoom.node);
  opacitySlider(zoom.node, given.opacity, (opacity) => root.style.setProperty("--px-opacity", String(opacity)));
  const notes = new Notes(body);
  const glossary = new Glossary(make("p", "", body));
  const scores = make("table", "px-table px-scores", body);
  const wide = new Wide(root, told);

  const lookahead = new Lookahead((wish) => trigger("ahead", wish));

  let shown = 0; // the ticket whose pair is on show
  let explained = 0; // the ticket whose scene is on show

  function moved() {
    zoom.tell();
    stage.move();
  }

  /** @param {number} by */
  function go(by) {
    const next = selection.neighbour(by);
    lookahead.direction = by;
    if (next !== null && next !== selection.chosen) selection.choose(next, "walk");
  }

  /** @param {string} layer */
  function lay(layer) {
    picture.choose(/** @type {keyof typeof LAYERS} */ (layer));
    for (const [name, node] of layers) node.setAttribute("aria-pressed", String(name === layer));
  }

  function told() {
    const label = wide.on ? "Close (Esc)" : "Full width";
    widen.textContent = label;
    widen.title = wide.on ? "Close (Esc): back to plot and table" : "Full width (F): the pair over the whole window";
    widen.setAttribute("aria-label", widen.title);
    stage.layout();
  }

  // The photographs end where the window does, with their tools below them.
  stage.room = () => {
    if (!wide.on && !BESIDE.matches) return 0;
    const top = wide.on ? 0 : Math.max(8, root.closest(".px-split").getBoundingClientRect().top + scrollY);
    const above = stage.node.offsetTop - (wide.on ? root.scrollTop : 0);
    return Math.max(LEAST_ROOM, innerHeight - top - above - zoom.node.offsetHeight - 12);
  };

  // Who looks elsewhere will not choose the next pair soon.
  function attend() {
    if (!root.checkVisibility() || document.hidden) lookahead.stop();
    else if (root.dataset.explained === String(selection.chosen)) lookahead.want();
  }

  function tellPlace() {
    const at = selection.listed.indexOf(selection.chosen);
    const all = selection.listed.length;
    place.textContent = at < 0 ? "" : `${(at + 1).toLocaleString("en")} of ${all.toLocaleString("en")}`;
    before.disabled = at === 0;
    after.disabled = at === all - 1;
  }

  function stop() {
    selection.ticket += 1;
    trigger("halt", { ticket: selection.ticket });
    tell({ note: "Stopped. Choose the pair again to explain it." });
  }

  // No pair is left to show: none is explained any longer.
  function close() {
    selection.ticket += 1;
    trigger("halt", { ticket: selection.ticket });
    wide.set(false);
    pair = null;
    root.classList.remove("px-ready");
    delete root.dataset.number;
    delete root.dataset.explained;
  }

  /** @param {Partial<PairValue>} value */
  function tell({ note: said = "", busy = false, error = false, done = 0, total = 0 }) {
    text.textContent = said;
    note.classList.toggle("px-error", error);
    note.setAttribute("role", error ? "alert" : "status");
    halt.hidden = !busy;
    bar.hidden = !busy;
    part.style.width = `${total ? (100 * done) / total : 0}%`;
  }

  /** @param {PairText} now */
  function showPair(now) {
    pair = now;
    root.classList.toggle("px-is-correct", pair.correct);
    root.classList.toggle("px-is-incorrect", !pair.correct);
    verdict.replaceChildren();
    verdictMark(verdict, pair.correct);
    make("strong", "", verdict, pair.correct ? "Correct pair" : "Incorrect pair");
    make("span", "px-owners", verdict, pair.owners);
    link.removeAttribute("href");
    notes.show([]);
    tellScores(pair);
    root.classList.add("px-ready");
    root.dataset.number = String(pair.number);
    delete root.dataset.explained;
    picture.show(pair.number, photosOf(pair));
    moved();
  }

  /** @param {PairText} pair */
  function tellScores(pair) {
    scores.replaceChildren();
    const heads = make("tr", "", make("thead", "", scores));
    for (const text of ["Score", "This pair", "Resize only"]) {
      const cell = make("th", "", heads, text);
      cell.scope = "col";
      glossary.mark(cell, text);
    }
    const lines = make("tbody", "", scores);
    for (const [name, value, control] of pair.scores) {
      const line = make("tr", "", lines);
      const head = make("th", "", line, name);
      head.scope = "row";
      glossary.mark(head, name);
      for (const text of [value, control]) make("td", "", line, text);
    }
  }

  async function draw() {
    const value = props.value;
    if (!value || value.ticket !== selection.ticket) return; // of an earlier click
    root.classList.remove("px-stale");
    if (value.pair && shown !== value.ticket) showPair(value.pair);
    if (value.pair) shown = value.ticket;
    else root.classList.add("px-ready", "px-stale");
    tell(value);
    if (!value.scene || explained === value.ticket) return;
    explained = value.ticket;
    const key = kept.keyOf(value.pair.number);
    try {
      const drawn = await readScene(await (await fetched(value.scene.url)).json());
      kept.put(key, value, drawn);
      if (value.ticket === selection.ticket) explain(value, drawn);
    } catch {
      tell({ note: "The explanation could not be fetched. Choose the pair again.", error: true });
    }
  }

  /** @param {PairValue} value
   * @param {Drawn} drawn */
  function explain(value, drawn) {
    picture.show(value.pair.number, photosOf(value.pair), drawn);
    notes.show(drawn.scene.notes);
    link.href = value.link;
    root.dataset.explained = String(value.pair.number);
    lookahead.want();
  }

  // What is ready is shown without the server, which need not go on with an earlier click.
  function showKept() {
    const ready = kept.get(selection.chosen);
    if (!ready) return;
    shown = explained = selection.ticket;
    trigger("halt", { ticket: selection.ticket });
    root.classList.remove("px-stale");
    showPair(ready.value.pair);
    tell({ note: ready.value.note });
    explain(ready.value, ready.drawn);
  }

  // A choice shows its pair: beside the plot the page scrolls to it, elsewhere it comes over the window.
  function bringIntoSight() {
    if (wide.on || selection.by === "page") return;
    const { top, bottom } = root.getBoundingClientRect();
    if (BESIDE.matches) scrollBy(0, Math.min(0, top - 8));
    else if (top < 0 || Math.min(bottom, top + innerHeight / 2) > innerHeight) wide.set(true);
  }

  root.addEventListener("keydown", (event) => {
    const here =
      /** @type {Element} */ (event.target) === root || stage.node.contains(/** @type {Node} */ (event.target));
    if (!here || modified(event)) return;
    const by = step(STEPS, event);
    const factor = step(ZOOMS, event);
    if (by) go(by);
    else if (keeps(event)) wide.set(!wide.on);
    else if (factor) zoom.by(factor);
    else if (factor === 0) zoom.reset();
    else return;
    event.preventDefault();
  });
  onKey(root, "j", () => selection.scene && go(1));
  onKey(root, "k", () => selection.scene && go(-1));
  onKey(root, "f", () => root.dataset.number && wide.set(!wide.on));
  onEscape(body, () => wide.set(false));

  on("rows", () => selection.scene.number.length || close());
  on("listed", tellPlace);
  on("chosen", () => {
    root.classList.add("px-stale");
    tellPlace();
    bringIntoSight();
    showKept();
  });
  told();
  lay("lines");
  tell({});
  watch("value", draw);
  new ResizeObserver(() => {
    stage.layout();
    attend();
  }).observe(root);
  document.addEventListener("visibilitychange", attend);
  addEventListener("resize", () => stage.layout());
  draw();
}
