// What the parts of the page share: the look, the form's values, what was chosen, and the bus on which they say what changed.

/** @import { AnsweredScene, FigureFacts, FigureOpened, LookDefaults, LookValues, PairValue, PointAnswer, Measured, RunStatus, RunsValue, StatusValue, TrustPairs, WellAnswer } from "./payloads.js" */
/** @import { Chosen } from "../compare/page/choosing.js" */
/** @import { Selection } from "../explore/page/selection.js" */

/** A component's file as gradio hands it to the page.
 * @typedef {{path: string, url: string, orig_name?: string} | null} FormPhoto */

/** Of a picture that is on show: how many matches can be drawn and traced, and what it shows. form: the form's values
 * that it answers. own: whether a photograph is no sample. pair: its id and its name.
 * @typedef {{lines: number, colors: number, palettes: string[], sample: string | null, form: string[], own: boolean,
 *   pair?: {id: string, title: string}}} SceneTold */

/** What each event of the bus brings.
 * @typedef {object} Events
 * @property {SceneTold} scene a picture is on show
 * @property {undefined} look the look changed
 * @property {undefined} form the form's values changed
 * @property {undefined} changed the view of the tab Explain changed
 * @property {StatusValue} status of the tab Explain
 * @property {RunStatus} compare-status of the tab Compare
 * @property {undefined} comparing something else is to be compared
 * @property {PointAnswer} point an answer to a place
 * @property {AnsweredScene} explained a person's pair is explained
 * @property {WellAnswer} well a photograph whose part is to be chosen
 * @property {Measured} measured
 * @property {{judgement: string, criterion: string}} judged a criterion of a judgement is asked for
 * @property {TrustPairs} judged-pairs
 * @property {RunsValue} runs what is known of the runs of the tab Explore
 * @property {undefined} rows other pairs are on show
 * @property {undefined} selection
 * @property {undefined} listed the pairs have another order
 * @property {PairValue | null} ahead a pair that will probably be chosen next
 * @property {undefined} chosen another pair is chosen
 * @property {undefined} figure the figure in progress changed
 * @property {FigureFacts} figure-facts
 * @property {FigureOpened} figure-opened
 * @property {StatusValue} figure-status of the tab Figure
 * @property {undefined} figure-drawn
 */

export const state = {
  /** @type {LookValues} */
  look: {},
  /** What stands for absent in the tab Compare: a choice, or the path of a photograph.
   * @type {string | null} */
  background: "own",
  /** Whether that is a photograph. */
  photographed: false,
  /** What is to be compared there.
   * @type {Chosen} */
  compare: undefined,
  /** The form: photographs, model, layer, options.
   * @type {[FormPhoto, FormPhoto, ...string[]]} */
  values: undefined,
  /** The form's values as a scene names them.
   * @type {string[]} */
  formNow: undefined,
  /** Title of what similarities are compared with.
   * @type {string} */
  reference: undefined,
  /** Whether the address bar holds a view. */
  addressed: false,
  /** The pairs of the tab Explore.
   * @type {Selection} */
  explore: undefined,
};

// For the browser's console, and for tests.
Object.assign(window, { pairx: state });

const bus = new EventTarget();
/** What each event brought last. */
const last = new Map();

/**
 * @template {keyof Events} Name
 * @param {Name} name
 * @param {Events[Name]} [detail]
 */
export function emit(name, detail) {
  last.set(name, detail);
  bus.dispatchEvent(new CustomEvent(name, { detail }));
}

/**
 * @template {keyof Events} Name
 * @param {Name} name
 * @param {(detail: Events[Name]) => void} act
 */
export function on(name, act) {
  bus.addEventListener(name, (event) => act(/** @type {CustomEvent} */ (event).detail));
}

/**
 * As `on`, and at once with what the event brought last: modules come in any order.
 * @template {keyof Events} Name
 * @param {Name} name
 * @param {(detail: Events[Name]) => void} act
 */
export function follow(name, act) {
  on(name, act);
  if (last.has(name)) act(last.get(name));
}

/** The look until somebody changes it.
 * @param {LookDefaults} defaults */
export function setDefaults({ lines, colors, opacity }) {
  Object.assign(state.look, { lines, colors, opacity, palette: "", ...state.look });
}

/** The form changed.
 * @param {any[]} values of its components, in its order */
export function formChanged(...values) {
  state.values = /** @type {any} */ (values);
  state.formNow = values.map((value) => value?.path ?? value);
  emit("form");
}

/** The background of the tab Compare changed.
 * @param {string} choice
 * @param {FormPhoto} photo where the choice is "photograph" */
export function backgroundChanged(choice, photo) {
  state.photographed = choice === "photograph";
  state.background = state.photographed ? (photo?.path ?? null) : choice;
  emit("form");
}
