// The chosen pair: photographs and scores at once, then PAIR-X over and under them.

import { button, make } from "../../page/dom.js";
import { fetched } from "../../page/fetching.js";
import { LinkedView } from "../../page/geometry.js";
import { Notes } from "../../page/notes.js";
import { clamp } from "../../page/numbers.js";
import { blend, markStyles, readMaps } from "../../page/paint.js";
import { Stage } from "../../page/stage.js";
import { on } from "../../page/state.js";
import { holdButton, shell, ZoomTools } from "../../page/toolbar.js";
import { selection, verdictMark } from "./selection.js";

/** @import { PairPanelPart, PairText, PairValue, Scene } from "../../page/payloads.js" */

/** Width of a line in the panel, of one on paper. */
const LINE_SCALE = 1.4;

/** @param {PairPanelPart} part */
export function mount({ element, props, given, trigger, watch }) {
  /** @type {HTMLElement} */
  const root = element.querySelector(".px-pairpanel");
  const view = new LinkedView();
  const { body } = shell(root, "Choose a point of the plot or a row of the table: its pair opens here.");
  const verdict = make("div", "px-pair-verdict", body);
  const zoom = new ZoomTools(body, "Chosen pair", view, moved);
  const tools = zoom.node;
  tools.prepend(
    button(tools, "‹", "The pair before, as listed", () => step(-1)),
    button(tools, "›", "The next pair, as listed", () => step(1)),
  );
  holdButton(tools);
  const link = make("a", "px-button px-link", tools, "Open in Explain");
  link.target = "_blank";
  link.title = "The same pair in the tab Explain, in a new window, with all that can be set there";
  const upper = new Stage(body, view, "The chosen photographs with match lines", true, { over() {}, pick() {}, moved });
  const note = make("div", "px-pair-note", body);
  const text = make("span", "", note);
  const halt = button(note, "Stop", "Stop explaining this pair", stop);
  const bar = make("div", "px-progress", body);
  const part = make("span", "", bar);
  const caption = make("p", "px-hint", body, "Pixels behind the strongest matches: equal colours belong together.");
  const lower = new Stage(body, view, "The chosen photographs with the pixels behind each match", false, {
    over() {},
    pick() {},
    moved,
  });
  lower.node.classList.add("px-faded");
  const notes = new Notes(body);
  const scores = make("table", "px-table px-scores", body);

  let shown = 0; // the ticket whose pair is on show
  let explained = 0; // the ticket whose scene is on show

  function moved() {
    zoom.tell();
    upper.move();
    lower.move();
  }

  function step(by) {
    const numbers = selection.numbers();
    const at = numbers.indexOf(selection.chosen);
    const next = at < 0 ? numbers[0] : numbers[clamp(at + by, 0, numbers.length - 1)];
    if (next !== undefined && next !== selection.chosen) selection.choose(next);
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
    root.classList.remove("px-ready");
    delete root.dataset.number;
    delete root.dataset.explained;
  }

  /** @param {Partial<PairValue>} value */
  function tell({ note: said = "", busy = false, error = false, done = 0, total = 0 }) {
    text.textContent = said;
    note.classList.toggle("px-error", error);
    note.setAttribute("role", error ? "alert" : "status");
    note.hidden = !said;
    halt.hidden = !busy;
    bar.hidden = !busy;
    part.style.width = `${total ? (100 * done) / total : 0}%`;
  }

  /** @param {PairText} pair */
  function showPair(pair) {
    root.classList.toggle("px-is-correct", pair.correct);
    root.classList.toggle("px-is-incorrect", !pair.correct);
    verdict.replaceChildren();
    verdictMark(verdict, pair.correct);
    make("strong", "", verdict, pair.correct ? "Correct pair" : "Incorrect pair");
    make("span", "px-owners", verdict, pair.owners);
    view.reset();
    const photos = pair.photos.map((photo) => ({ ...photo, src: photo.file.url }));
    upper.node.hidden = !photos.length;
    if (photos.length) upper.show(photos, [null, null], []);
    upper.tell();
    lower.node.hidden = caption.hidden = link.hidden = notes.node.hidden = true;
    scores.replaceChildren();
    const heads = make("tr", "", make("thead", "", scores));
    for (const text of ["", "This pair", "Resize only"]) make("th", "", heads, text).scope = "col";
    const lines = make("tbody", "", scores);
    for (const [name, value, control] of pair.scores) {
      const line = make("tr", "", lines);
      make("th", "", line, name).scope = "row";
      for (const text of [value, control]) make("td", "", line, text);
    }
    root.classList.add("px-ready");
    root.dataset.number = String(pair.number);
    delete root.dataset.explained;
    moved();
  }

  /** @param {PairValue} value */
  async function showScene(value) {
    /** @type {Scene} */
    const scene = await (await fetched(value.scene.url)).json();
    const maps = await readMaps(scene);
    if (value.ticket !== selection.ticket) return;
    const traced = maps[0].length;
    const palette = Object.values(scene.palettes)[0][traced];
    const photos = value.pair.photos.map((photo) => ({ ...photo, src: photo.file.url }));
    const heats = scene.heat.map(
      (src) => src && Object.assign(make("img", "px-overlay"), { src, alt: "", draggable: false }),
    );
    const marks = scene.marks.filter((mark) => mark.at <= given.lines);
    const styles = markStyles(scene, marks, palette, traced, LINE_SCALE, given.lines);
    root.style.setProperty("--px-gray", String(scene.fade[0]));
    root.style.setProperty("--px-photo", String(1 - scene.fade[1]));
    upper.show(photos, heats, marks, scene.extents);
    upper.paint(styles, null);
    upper.tell(scene.banner);
    lower.tell(scene.paint_banner);
    const canvases = maps.map((layers) => {
      const canvas = make("canvas", "px-overlay");
      blend(
        canvas,
        layers,
        styles.slice(0, traced).map(({ color }) => color),
        layers.map(() => 1),
      );
      return canvas;
    });
    lower.node.hidden = caption.hidden = link.hidden = false;
    notes.show(scene.notes);
    notes.node.hidden = !scene.notes.length;
    link.href = value.link;
    lower.show(photos, canvases, [], scene.extents);
    root.dataset.explained = String(value.pair.number);
    moved();
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
    try {
      await showScene(value);
    } catch {
      tell({ note: "The explanation could not be fetched. Choose the pair again.", error: true });
    }
  }

  on("rows", () => selection.scene.number.length || close());
  on("chosen", () => root.classList.add("px-stale"));
  tell({});
  watch("value", draw);
  new ResizeObserver(() => {
    upper.layout();
    lower.layout();
  }).observe(root);
  draw();
}
