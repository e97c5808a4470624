// The picture of an explanation: similarity, two stages, table of matches, downloads. Look changes never reach the server.

import { button, make } from "../../page/dom.js";
import { fetched } from "../../page/fetching.js";
import { LinkedView } from "../../page/geometry.js";
import { modified, keeps, MATCHES, onEscape, step, ZOOMS } from "../../page/keys.js";
import { ViewLink } from "../../page/link.js";
import { minus } from "../../page/numbers.js";
import { blend, markStyles, readMaps } from "../../page/paint.js";
import { Stage } from "../../page/stage.js";
import { emit, follow, on, setDefaults, state } from "../../page/state.js";
import { holdButton, shell, ZoomTools } from "../../page/toolbar.js";
import { MatchTable } from "./matches.js";
import { PointView } from "./point.js";
import { References } from "./references.js";

/** @import { AnsweredScene, StatusValue, ViewerPart } from "../../page/payloads.js" */
/** @import { OpacityMap } from "../../page/paint.js" */

/** Width of a line on the screen, of one on paper. */
const LINE_SCALE = 1.8;

/** @param {ViewerPart} part */
export function mount({ element, props, given, trigger, watch }) {
  setDefaults(given.look);
  /** @type {HTMLElement} */
  const root = element.querySelector(".px-viewer");
  const view = new LinkedView();
  /** @type {AnsweredScene} */
  let scene = null;
  /** @type {number | null} */
  let chosen = null;
  /** @type {number | null} */
  let hovered = null;
  /** @type {OpacityMap[][]} */
  let maps = [[], []];
  let canvases = [];
  let heats = [];

  function section(title, hint) {
    const node = make("section", "px-section", body);
    const head = make("div", "px-section-head", node);
    make("h3", "", head, title);
    make("p", "px-hint", head, hint);
    return node;
  }

  const { notice, body } = shell(root, "The picture of this pair is being prepared.");
  const story = make("p", "px-story", body);
  const verdict = make("div", "px-verdict", body);
  const score = make("div", "px-score", verdict);
  const scoreNumber = make("span", "px-score-number", score);
  make("span", "px-score-label", score, "cosine similarity");
  const references = new References(make("div", "px-words", verdict));

  const zoom = new ZoomTools(body, "Picture", view, moved);
  const tools = zoom.node;
  holdButton(tools);
  const free = button(tools, "Show all matches (Esc)", "Show all matches again", () => choose(null));
  const link = new ViewLink(root, given.names, () => {
    const { lines, colors, opacity, palette } = state.look;
    return { ...scene.link, lines, colors, opacity, palette, ...(chosen === null ? {} : { match: chosen }) };
  });
  link.button(tools);
  make("span", "px-hint px-gesture", tools, "Ctrl + wheel or pinch zooms, drag moves all pictures");

  const upper = section(
    "Matches",
    "Each line joins two places that the model finds alike; dashed blue ones lower the similarity. The glow is what a place adds to it, or in blue takes from it.",
  );
  const lines = new Stage(upper, view, "Both photographs with relevance and match lines", true, { over, pick, moved });
  const scales = make("div", "px-scales", upper);
  const lower = section(
    "Pixels behind the matches",
    "Each colour marks the pixels that one match rests on. Equal colours belong together.",
  );
  const pixels = new Stage(lower, view, "Both photographs with the pixels behind each match", false, {
    over,
    pick,
    moved,
  });
  pixels.node.classList.add("px-faded");
  const colorNote = make("p", "px-hint px-color-note", lower);

  const points = new PointView(
    section(
      "Point to point",
      "Click a place in one photograph: the other shows what each of its places adds to the similarity together with it, at the chosen layer (activation decomposition, Zhu et al.).",
    ),
    view,
    moved,
    (asked) => trigger("point", { key: scene.key, ...asked }),
  );

  const numbers = section(
    "Numbers",
    "Arrow keys move through the matches, Enter keeps one, Escape frees it. Double-click zooms to it.",
  );
  const table = new MatchTable(numbers, {
    over,
    pick,
    zoom: (mark) => {
      choose(mark.rank);
      view.focus(mark.points, 4);
      moved();
    },
  });
  const files = make("div", "px-tools px-files", numbers);
  make("span", "px-hint", files, "Download what you see:");
  for (const [kind, text] of [
    ["png", "Figure PNG"],
    ["svg", "SVG"],
    ["pdf", "PDF"],
    ["npz", "Raw values NPZ"],
  ]) {
    button(files, text, `Download ${text}`, () =>
      trigger("download", { kind, look: lookNow(), key: scene.key }),
    ).dataset.kind = kind;
  }

  const bright = () => hovered ?? chosen;
  const lookNow = () => ({ ...state.look, isolate: chosen === null ? null : chosen - 1 });

  let drawn = 0;
  function paint() {
    if (!scene || drawn) return;
    drawn = requestAnimationFrame(() => {
      drawn = 0;
      paintNow();
    });
  }

  function paintNow() {
    const rank = bright();
    const look = state.look;
    const traced = Math.min(look.colors, maps[0].length);
    const palette = scene.palettes[look.palette][traced];
    const styles = markStyles(scene, scene.marks, palette, traced, LINE_SCALE, look.lines);
    lines.paint(styles, rank);
    pixels.paint(
      styles.map((style) => ({ ...style, drawn: false })),
      rank,
    );
    const painted = styles.slice(0, traced).map(({ color }) => color);
    const strengths = painted.map((_, i) => (rank === null || rank === scene.marks[i].rank ? 1 : scene.faint));
    canvases.forEach((canvas, i) => {
      blend(canvas, maps[i].slice(0, traced), painted, strengths);
      canvas.style.opacity = String(look.opacity);
    });
    for (const heat of heats) if (heat) heat.style.opacity = String(look.opacity);
    root.style.setProperty("--px-heat", String(look.opacity));
    free.disabled = chosen === null;
    table.paint(styles, rank, chosen, (index) => styles[index].drawn || index < traced);
    const last = traced ? scene.marks[traced - 1].rank : 0;
    colorNote.textContent = rank > last ? `Match ${rank} is not traced to pixels: only the first ${traced} are.` : "";
  }

  function over(rank) {
    if (hovered === rank) return;
    hovered = rank;
    paint();
  }

  function pick(rank) {
    choose(rank === chosen ? null : rank);
  }

  function choose(rank) {
    chosen = rank;
    hovered = null;
    paint();
    emit("changed");
  }

  function moved() {
    zoom.tell();
    lines.move();
    pixels.move();
    points.stage.move();
    root.style.setProperty("--px-unzoom", String(1 / view.zoom));
  }

  root.addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    const row = /** @type {HTMLElement} */ (target.closest(".px-row"));
    const stage = target.closest(".px-stage");
    if (!scene || !(row || stage) || modified(event)) return;
    const by = step(MATCHES, event);
    const factor = step(ZOOMS, event);
    if (by) {
      const next = table.step(bright(), by);
      if (row) next?.focus();
      else if (next) choose(Number(next.dataset.rank));
    } else if (row && keeps(event)) pick(Number(row.dataset.rank));
    else if (stage && factor !== undefined) {
      if (factor) zoom.by(factor);
      else zoom.reset();
    } else return;
    event.preventDefault();
  });

  onEscape(root, () => {
    points.query.free();
    if (chosen !== null || hovered !== null) choose(null);
  });

  on("changed", () => scene && link.changed());
  on("look", () => {
    const most = Math.max(state.look.lines, state.look.colors);
    if (!scene?.marks.some((mark) => mark.rank === chosen && mark.at <= most)) chosen = null;
    paint();
    emit("changed");
  });

  // Where the form differs from what the picture was made of, the picture says so.
  on("form", compare);
  /** @type {StatusValue} */
  let running = {};
  let fetching = false; // a run is over for the person once its picture is there
  function compare() {
    const stale = Boolean(scene && state.formNow && JSON.stringify(scene.form) !== JSON.stringify(state.formNow));
    const now = fetching && !running.busy ? { busy: true, text: "Fetching the picture" } : running;
    root.classList.toggle("px-stale", stale || Boolean(scene && now.busy));
    const share = now.total ? ` (${Math.round((100 * now.done) / now.total)} %)` : "";
    if (now.busy) notice.textContent = `${now.text}${share}`;
    else if (now.error) notice.textContent = now.text;
    else notice.textContent = stale ? "The settings changed. Press Explain to bring the picture up to date." : "";
    document.querySelector("#px-explain")?.classList.toggle("px-wanted", stale && !now.busy);
  }

  /** @param {AnsweredScene} next
   * @param {OpacityMap[][]} nextMaps
   * @param {ViewerPart["props"]["value"]} value */
  function show(next, nextMaps, value) {
    const first = scene === null;
    const same = scene?.key === next.key;
    scene = next;
    maps = nextMaps;
    if (value.look) Object.assign(state.look, value.look);
    if (!(state.look.palette in scene.palettes)) state.look.palette = Object.keys(scene.palettes)[0];
    root.style.setProperty("--px-gray", String(scene.fade[0]));
    root.style.setProperty("--px-photo", String(1 - scene.fade[1]));
    if (!same) {
      view.reset();
      chosen = scene.marks.some((mark) => mark.rank === value.match) ? value.match : null;
      hovered = null;
    }
    story.textContent = scene.story;
    scoreNumber.textContent = minus(scene.similarity.toFixed(2));
    references.show(scene);
    heats = scene.heat.map(
      (src) => src && Object.assign(make("img", "px-overlay"), { src, alt: "", draggable: false }),
    );
    canvases = [0, 1].map(() => make("canvas", "px-overlay"));
    lines.show(scene.photos, heats, scene.marks, scene.extents);
    lines.tell(scene.banner);
    pixels.tell(scene.paint_banner);
    pixels.show(scene.photos, canvases, scene.marks, scene.extents);
    points.show(scene);
    table.fill(scene);
    scales.replaceChildren();
    for (const scale of scene.scales) {
      const node = make("div", "px-scale", scales);
      make("span", "", node, scale.low);
      make("span", "px-ramp", node).style.backgroundImage = `linear-gradient(90deg, ${scale.colors.join(", ")})`;
      make("span", "", node, scale.high);
      make("span", "px-hint", node, scale.title);
    }
    root.classList.add("px-ready");
    emit("scene", {
      lines: Math.max(0, ...scene.marks.map((mark) => mark.at)),
      colors: maps[0].length,
      palettes: Object.keys(scene.palettes),
      sample: scene.sample,
    });
    moved();
    paint();
    compare();
    if (!value.quiet) emit("changed");
    if (!first && !same && window.innerWidth < 768) root.scrollIntoView({ behavior: "smooth", block: "start" });
    requestAnimationFrame(layout);
  }

  function layout() {
    for (const stage of [lines, pixels, points.stage]) stage.layout();
  }

  on("point", (detail) => points.answered(detail));

  let asked = 0;
  let linked = new URLSearchParams(window.location.search).has("a");
  async function load() {
    const value = props.value;
    // A link shows its own picture or says why it cannot; the opening pair is no answer to it.
    if (!value?.scene || (linked && value.quiet)) return;
    const ticket = ++asked;
    fetching = true;
    compare();
    try {
      /** @type {AnsweredScene} */
      const next = await (await fetched(value.scene.url)).json();
      const nextMaps = await readMaps(next);
      if (ticket !== asked) return;
      fetching = false;
      show(next, nextMaps, value);
    } catch {
      if (ticket !== asked) return;
      fetching = false;
      running = { error: true, text: "The picture could not be fetched. Press Explain again." };
      compare();
    }
  }

  follow("status", (detail) => {
    running = detail;
    compare();
    if (detail.error && linked && !scene) {
      linked = false;
      load();
    }
  });
  watch("value", load);
  new ResizeObserver(layout).observe(root);
  load();
}
