// What is said of a comparison while it computes, of all of it and of each panel.

/** @import { BoardValue, RunStatus } from "../../page/payloads.js" */

/** Seconds in words, as pairx.ui.shared.words.duration says them.
 * @param {number} seconds */
export function duration(seconds) {
  if (seconds < 9.95) return `${Math.max(seconds, 0.1).toFixed(1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  return seconds < 5940 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** What a panel without a result says, and its share where it is computed.
 * @param {string} id
 * @param {RunStatus} status
 * @param {Pick<BoardValue, "over">} board
 * @returns {[string, number?]} */
export function panelWords(id, status, board) {
  if (!status.busy || board.over) return ["Not computed yet"];
  if (status.panel !== id) return ["Waiting"];
  const share = status.share ?? 0;
  const left = status.left === undefined ? "" : `, about ${duration(status.left)} left`;
  return [`Running: ${Math.round(100 * share)} %${left}`, share];
}

/** What is said above all panels.
 * @param {RunStatus} status
 * @param {Pick<BoardValue, "over" | "expected" | "panels">} board
 */
export function summary(status, board) {
  const missing = board.panels.filter(({ file }) => !file).length;
  const share = status.total ? ` (${Math.round((100 * status.done) / status.total)} %)` : "";
  if (status.busy || status.error) return `${status.text}${share}`;
  const stopped = status.text ? `${status.text} ` : "";
  const all = board.panels.length;
  if (!missing) return `${stopped}${all === 1 ? "The panel is" : `All ${all} panels are`} there.`;
  const count = `${missing} of ${all} ${all === 1 ? "panel" : "panels"}`;
  const takes = board.expected ? ` That takes ${board.expected}.` : "";
  return `${stopped}${count} ${missing === 1 ? "is" : "are"} not computed yet: press Compare.${takes}`;
}
