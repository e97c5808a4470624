// One control for another column: what it shows, at which layer.

import { button, make } from "../../page/dom.js";

/** @import { Entry } from "../../page/figure.js" */
/** @import { FigureColumn } from "../../page/payloads.js" */

/** @param {Element} parent
 * @param {FigureColumn[]} columns
 * @param {(column: Entry) => void} add */
export function columnControl(parent, columns, add) {
  const node = make("div", "px-adding", parent);
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", "Another column");
  const shows = make("select", "", node);
  shows.setAttribute("aria-label", "What the column shows");
  /** @type {HTMLOptGroupElement} */
  let group = null;
  columns.forEach(({ title, group: name }, i) => {
    if (group?.label !== name) group = Object.assign(make("optgroup", "", shows), { label: name });
    group.append(new Option(title, String(i)));
  });
  const layer = make("select", "", node);
  layer.setAttribute("aria-label", "Layer of the column");
  const chosen = () => columns[Number(shows.value)].column;
  const fit = () => {
    layer.disabled = !chosen().method;
  };
  shows.addEventListener("change", fit);
  button(node, "Add column", "Add column", () => {
    add({ ...chosen(), ...(layer.value && chosen().method ? { layer: layer.value } : {}) });
  });

  /** @param {[string, string][]} known title and name of each */
  function layers(known) {
    const before = layer.value;
    layer.replaceChildren(
      new Option("At its row's layer", ""),
      ...known.map(([title, name]) => new Option(title, name)),
    );
    layer.value = known.some(([, name]) => name === before) ? before : "";
  }
  layers([]);
  fit();
  return { layers };
}
