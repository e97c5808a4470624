// The tab Explain's picture in the app: what the server answers, what runs, what can be taken away.

import { fetched } from "../../page/fetching.js";
import { figureButton } from "../../page/figure.js";
import { onBack, ViewLink } from "../../page/link.js";
import { readMaps } from "../../page/paint.js";
import { emit, follow, on, setDefaults, state } from "../../page/state.js";
import { shell } from "../../page/toolbar.js";
import { Downloads } from "./downloads.js";
import { Notice } from "./notice.js";
import { Picture } from "./picture.js";
import { written } from "./seen.js";

/** @import { OpacityMap } from "../../page/paint.js" */
/** @import { AnsweredScene, ViewerPart } from "../../page/payloads.js" */

/** @param {ViewerPart} part */
export function mount({ element, props, given, trigger, watch }) {
  setDefaults(given.look);
  /** @type {HTMLElement} */
  const root = element.querySelector(".px-viewer");
  const { notice: line, body } = shell(root, "The picture of this pair is being prepared.");
  const blank = root.querySelector(".px-blank");
  const notice = new Notice(root, line);
  const picture = new Picture(root, body, {
    changed: () => emit("changed"),
    ask: (question) => trigger("point", { key: picture.scene.key, ...question }),
  });
  const link = new ViewLink(root, given.names, () => {
    const { lines, colors, opacity, palette } = state.look;
    const { chosen, scene, seen } = picture;
    const match = chosen === null ? {} : { match: chosen };
    return { ...scene.link, lines, colors, opacity, palette, ...match, ...written(seen) };
  });
  figureButton(picture.verdict, () => picture.scene && /** @type {AnsweredScene} */ (picture.scene).figure, { root });
  link.button(picture.tools).classList.add("px-wide-only");
  const downloads = new Downloads(picture.tools, (kind) => {
    const { chosen, scene, seen, points } = picture;
    const isolate = chosen === null ? null : chosen - 1;
    const look = { ...state.look, ...seen, isolate, point: points.answeredPlace };
    trigger("download", { kind, look, key: scene.key });
  });
  const copy = link.button(downloads.list);
  copy.classList.add("px-narrow-only");
  downloads.list.prepend(copy);
  onBack(root, (query) => trigger("reopen", { query }));

  on("changed", () => picture.scene && link.changed());
  on("point", (detail) => picture.points.answered(detail));

  /** @param {AnsweredScene} scene
   * @param {OpacityMap[][]} maps
   * @param {ViewerPart["props"]["value"]} value */
  function load(scene, maps, value) {
    const known = picture.scene;
    if (value.look) Object.assign(state.look, value.look);
    if (!(state.look.palette in scene.palettes)) state.look.palette = Object.keys(scene.palettes)[0];
    picture.show(scene, maps, value.match ?? null);
    if (value.seen) picture.see(value.seen);
    emit("scene", {
      lines: Math.max(0, ...scene.marks.map((mark) => mark.at)),
      colors: maps[0].length,
      palettes: Object.keys(scene.palettes),
      sample: scene.sample,
      form: scene.form,
      own: scene.own,
      pair: {
        id: `${scene.link.a}~${scene.link.b}`,
        title: scene.photos.map(({ name }) => name).join(" and "),
      },
    });
    notice.show(scene);
    if (value.quiet) return;
    if (!value.back) emit("explained", scene);
    link.changed(known?.key !== scene.key && !value.back);
    if (known && known.key !== scene.key && window.innerWidth < 768)
      root.scrollIntoView({ behavior: "smooth", block: "start" });
  }

  const linked = new URLSearchParams(window.location.search).has("a");
  let asked = 0;
  async function fetchScene() {
    const value = props.value;
    // Who follows a link sees its own picture or why there is none: the opening pair is no answer.
    if (!value?.scene || (linked && value.quiet && !value.back)) return;
    const ticket = ++asked;
    notice.fetching(true);
    try {
      /** @type {AnsweredScene} */
      const scene = await (await fetched(value.scene.url)).json();
      const maps = await readMaps(scene);
      if (ticket !== asked) return;
      load(scene, maps, value);
      notice.fetching(false);
    } catch {
      if (ticket === asked) notice.failed("The picture could not be fetched. Press Explain again.");
    }
  }

  follow("status", (detail) => {
    notice.status(detail);
    blank.textContent = detail.text || "Choose two photographs: their picture comes here.";
  });
  watch("value", fetchScene);
  fetchScene();
}
