// The keyboard: every key of the page.

/** What the help sheet says: the keys, and what they do.
 * @type {[string, string][]} */
export const HELP = [
  ["H, held", "The bare photographs, in every tab"],
  ["Esc", "Frees what is chosen, pointed at or enlarged"],
  ["Arrows, Home, End", "The next match or row; on a photograph, moves the place that is pointed at"],
  ["Enter or Space", "Keeps the match or the place; opens the row"],
  ["J and K", "In Explore and Review, the next pair and the one before; in Explore also → and ← on its photographs"],
  ["R", "In Explore, sends the pairs on show to Review"],
  ["F", "In Explore, the chosen pair over the whole window; on its photographs also Enter"],
  ["Y, N, U, Space, B, I", "In Review, the verdict on the pair, as printed on its buttons; Z takes the last one back"],
  ["X and G", "In Review, PAIR-X over the photographs; all photographs of the candidate's individual"],
  ["+  −  0", "Zooms the pictures; 0 shows the whole photographs"],
  ["P, B, C", "In Explain: point at a place or a box; the colour maps large"],
  ["A", "In Explain, Explore and Review: adds the picture to the figure"],
  ["Alt + ↑ or ↓", "In Figure, moves the row or column"],
  ["← →, on the tabs", "The next tab"],
  ["?", "This sheet"],
];

/** Steps through the rows of a table. */
export const ROWS = { ArrowDown: 1, ArrowUp: -1, Home: -1e6, End: 1e6 };
/** Steps through the matches of a picture. */
export const MATCHES = { ...ROWS, ArrowRight: 1, ArrowLeft: -1 };
/** Steps over a photograph, [across, down]. */
export const PLACES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** Factors of the zoom; 0 shows the whole photographs. */
export const ZOOMS = { "+": 1.5, "=": 1.5, "-": 1 / 1.5, 0: 0 };

/**
 * What a key means in one of the maps above.
 * @template Step
 * @param {Record<string, Step>} map
 * @param {KeyboardEvent} event
 * @returns {Step | undefined}
 */
export function step(map, event) {
  return Object.hasOwn(map, event.key) ? map[event.key] : undefined;
}

/** @param {KeyboardEvent} event */
export const keeps = (event) => event.key === "Enter" || event.key === " ";

/** @param {KeyboardEvent} event */
export const modified = (event) => event.ctrlKey || event.metaKey || event.altKey;

/** Whether a key is for a field in which a person writes.
 * @param {KeyboardEvent} event */
function typing(event) {
  const fields = "input:not([type=range], [type=radio], [type=checkbox]), textarea, select, [contenteditable=true]";
  return event.target instanceof Element && event.target.closest(fields) !== null;
}

/** @param {KeyboardEvent} event */
const forThePage = (event) => !modified(event) && !typing(event);

/** @type {[HTMLElement, () => void][]} */
const escapes = [];

/** What Escape does while a part is on show.
 * @param {HTMLElement} root
 * @param {() => void} act */
export function onEscape(root, act) {
  escapes.push([root, act]);
}

/** @type {[HTMLElement | null, string, () => void][]} */
const presses = [];

/** What a key does while a part is on show, or on the whole page; held down it does it once.
 * @param {HTMLElement | null} root the part; null is the page
 * @param {string} key a letter in lower case
 * @param {() => void} act */
export function onKey(root, key, act) {
  presses.push([root, key, act]);
}

/** While H or a button is held, nothing lies over any photograph of the page. Nothing else changes, so that nothing moves.
 * @param {boolean} on */
export function hold(on) {
  document.body.classList.toggle("px-held", on);
  for (const node of document.querySelectorAll(".px-hold")) node.setAttribute("aria-pressed", String(on));
}

/** @param {KeyboardEvent} event */
const isH = (event) => event.key === "h" || event.key === "H";

document.addEventListener("keydown", (event) => {
  if (!forThePage(event)) return;
  if (isH(event)) hold(true);
  if (event.key === "Escape") for (const [root, act] of escapes) if (root.offsetParent) act();
  // Space and Enter press the button that has the focus.
  const pressed = event.target instanceof HTMLButtonElement && keeps(event);
  const found = presses.filter(([root, key]) => key === event.key.toLowerCase() && (!root || root.checkVisibility()));
  if (!found.length || pressed || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  if (!event.repeat) for (const [, , act] of found) act();
});
document.addEventListener("keyup", (event) => isH(event) && hold(false));
window.addEventListener("blur", () => hold(false));
