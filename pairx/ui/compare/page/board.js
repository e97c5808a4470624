// The board of the Compare tab: a panel a choice, which fills when its file comes. All share zoom, look and inquiry.

import { button, make } from "../../page/dom.js";
import { LinkedView } from "../../page/geometry.js";
import { onEscape } from "../../page/keys.js";
import { onBack, ViewLink } from "../../page/link.js";
import { minus } from "../../page/numbers.js";
import { Query } from "../../page/pointing.js";
import { emit, follow, on, setDefaults, state } from "../../page/state.js";
import { holdButton, opacitySlider, shell, ZoomTools } from "../../page/toolbar.js";
import { inAddress } from "./choosing.js";
import { columnsOf } from "./columns.js";
import { figures } from "./figures.js";
import { ordered, orderControl, orderOf } from "./order.js";
import { Panel } from "./panel.js";
import { panelWords, summary } from "./progress.js";

/** @import { BoardPart, BoardValue, RunStatus } from "../../page/payloads.js" */

/** @param {BoardPart} part */
export function mount({ element, props, given, trigger, watch }) {
  setDefaults(given.look);
  /** @type {HTMLElement} */
  const root = element.querySelector(".px-board");
  const view = new LinkedView();
  /** @type {number | null} */
  let waiting = null;
  const query = new Query(() => {
    waiting ??= requestAnimationFrame(() => {
      waiting = null;
      for (const { asking } of panels) asking?.reply();
    });
  });
  /** @type {BoardValue} */
  let board = null;
  /** @type {Panel[]} */
  let panels = [];
  /** @type {RunStatus} */
  let status = {};
  let stepping = false; // whether a person chose what the board is about to show
  let order = orderOf(Object.fromEntries(new URLSearchParams(window.location.search)));

  const { notice, body } = shell(root, "Panels are being prepared.");
  const heading = make("p", "px-story", body);
  const similarity = make("strong", "", heading);
  const about = make("span", "", heading);
  const zoom = new ZoomTools(body, "All panels", view, moved);
  holdButton(zoom.node);
  const opacity = opacitySlider(zoom.node, state.look.opacity, (value) => {
    state.look.opacity = value;
    emit("look");
  });
  const sorting = orderControl(zoom.node, (chosen) => {
    order = chosen;
    if (order === "faithfulness") measureAll();
    arrange();
    link.changed(true);
  });
  const faithful = button(
    zoom.node,
    "Measure faithfulness",
    "Measure faithfulness: blur what each map rates highest and see what the similarity loses",
    measureAll,
  );
  const link = new ViewLink(root, given.names, () => {
    const { lines, colors, opacity, palette } = state.look;
    const own = state.background === "own" ? {} : { background: board.background };
    const look = { lines, colors, opacity, palette };
    return { ...board.link, ...inAddress(board.asked), ...own, ...(order === "chosen" ? {} : { order }), ...look };
  });
  link.button(zoom.node);
  const key = make("div", "px-board-key", body);
  const scale = make("div", "px-scale", key);
  const against = make("span", "", scale);
  const ramp = make("span", "px-ramp", scale);
  const supports = make("span", "", scale);
  make("span", "px-hint", scale, "each panel has its own scale").title =
    "Both photographs of a panel share it; stronger values are painted as the ends";
  make("span", "px-hint px-gesture", key, "Ctrl + wheel or pinch zooms, drag moves all panels");
  make("h2", "px-unseen", body, "Panels"); // where the controls, whose headings are seen, are a closed sheet
  const grid = make("div", "px-panels", body);
  figures(body, (asked) => download(asked));

  function moved() {
    root.style.setProperty("--px-unzoom", String(1 / view.zoom));
    for (const { stage } of panels) stage.move();
    zoom.tell();
  }

  function lay() {
    grid.style.setProperty("--px-columns", String(columnsOf(board.panels.length, grid.clientWidth, board.columns)));
  }

  function look() {
    opacity.value = String(Math.round(100 * state.look.opacity));
    root.style.setProperty("--px-heat", String(state.look.opacity));
    for (const panel of panels) panel.paint();
  }

  function enlarge(panel) {
    const on = !panel.large;
    if (!on) query.free();
    for (const one of panels) if (one.large || one === panel) one.enlarge(on && one === panel);
    if (on) panel.node.scrollIntoView({ behavior: "smooth", block: "nearest" });
    else panel.larger.focus({ preventScroll: true });
  }

  function download(asked) {
    const plain = { width: 175, seconds: false, cautions: false };
    const look = { ...state.look, zoom: view.zoom, centers: view.centers };
    trigger("download", { ...plain, order: idsInOrder(), look, ...asked });
  }

  /** @param {string[]} ids */
  function measure(ids) {
    if (ids.length) trigger("measure", { run: board.run, ids });
  }

  function measureAll() {
    measure(panels.filter(({ scene, faithfulness }) => scene && !faithfulness).map((panel) => panel.about.id));
  }

  const placed = () => panels.map((panel) => panel.placed);
  const idsInOrder = () => ordered(placed(), board?.columns ? "chosen" : order);

  // Puts the panels in order; one that stays where it is keeps the focus.
  function arrange() {
    sorting.label.hidden = Boolean(board?.columns);
    sorting.tell(placed(), order);
    const nodes = idsInOrder().map((id) => panels.find((panel) => panel.about.id === id).node);
    nodes.forEach((node, i) => {
      if (grid.children[i] !== node) grid.insertBefore(node, grid.children[i] ?? null);
    });
    const values = panels.flatMap(({ faithfulness }) => [faithfulness?.drop ?? 0, faithfulness?.random ?? 0]);
    for (const panel of panels) panel.scale(Math.max(...values));
  }

  /** @param {Panel} panel */
  function filled(panel) {
    if (!panels.includes(panel)) return;
    if (panel.scene?.colors.length)
      ramp.style.backgroundImage = `linear-gradient(90deg, ${panel.scene.colors.join(", ")})`;
    const said = new Set(panels.flatMap(({ scene }) => (scene ? [minus(scene.similarity.toFixed(2))] : [])));
    similarity.textContent = said.size === 1 ? `Similarity ${[...said][0]}` : "";
    for (const one of panels)
      one.likeness.textContent = said.size > 1 && one.scene ? minus(one.scene.similarity.toFixed(2)) : "";
    faithful.disabled = Boolean(status.busy) || !panels.some(({ scene, faithfulness }) => scene && !faithfulness);
    arrange();
  }

  const on_ = { moved, enlarge, measure, filled, download: (kind, id) => download({ kind, id }) };

  function draw() {
    const value = props.value;
    if (!value?.panels) return;
    const same = board && JSON.stringify(board.pairs) === JSON.stringify(value.pairs);
    const known = new Map(same ? panels.map((panel) => [panel.about.id, panel]) : []);
    board = value;
    root.classList.add("px-ready");
    const photos = value.pairs.map((pair) => pair.map((photo) => ({ ...photo, src: photo.file.url })));
    about.textContent = [photos.length === 1 ? photos[0].map(({ name }) => name).join(" and ") : "", value.about]
      .filter(Boolean)
      .join(" · ");
    [against.textContent, supports.textContent] = value.ends;
    lay();
    if (!same) {
      view.reset();
      query.now = null;
      query.kept = false;
    }
    const old = panels;
    panels = value.panels.map((panel) => {
      const kept = known.get(panel.id);
      const fits =
        kept && kept.about.title === panel.title && (!panel.file || !kept.file || kept.file === panel.file.path);
      if (fits && (panel.file || !kept.scene)) return kept;
      return new Panel(grid, panel, photos[panel.pair], given, view, query, on_);
    });
    for (const panel of old) if (!panels.includes(panel)) panel.node.remove();
    value.panels.forEach((panel, i) => panels[i].ask(panel));
    look();
    moved();
    arrange();
    tell();
    if (stepping || state.addressed || value.asked.choices || value.asked.axis !== "methods") link.changed(stepping);
    stepping = false;
  }

  // Says what runs and how far, what went wrong, or what is missing; each panel says its own part of it.
  function tell() {
    if (!board) {
      notice.textContent = status.text ?? "";
      return;
    }
    for (const panel of panels) panel.tell(...panelWords(panel.about.id, status, board));
    notice.textContent = summary(status, board);
    notice.classList.toggle("px-calm", !status.busy && !status.error && board.panels.every(({ file }) => file));
    // Until the server has answered, or where it cannot: the panels are of what the form held before.
    const now = state.formNow && JSON.stringify(state.formNow);
    root.classList.toggle("px-stale", Boolean(now && now !== JSON.stringify(board.form)));
    faithful.disabled = Boolean(status.busy) || !panels.some(({ scene, faithfulness }) => scene && !faithfulness);
    for (const { measuring } of panels) if (measuring) measuring.disabled = Boolean(status.busy);
  }

  onEscape(root, () => {
    const large = panels.find((panel) => panel.large);
    if (query.now) query.free();
    else if (large) enlarge(large);
  });
  onBack(root, (query) => {
    order = orderOf(query);
    arrange();
  });
  on("comparing", () => {
    stepping = true;
  });
  on("look", () => {
    look();
    if (link.own) link.changed();
  });
  on("scene", look); // the look that a link asks for comes with the picture of Explain
  on("form", tell);
  follow("compare-status", (detail) => {
    status = detail ?? {};
    tell();
  });
  on("measured", (detail) => {
    if (detail?.run !== board?.run) return;
    for (const panel of panels) panel.measured(detail.found[panel.about.id]);
    arrange();
    tell();
  });
  watch("value", draw);
  new ResizeObserver(() => {
    if (board) lay();
    for (const { stage } of panels) stage.layout();
  }).observe(root);
  draw();
}
