// Nodes of the page.

const SVG = "http://www.w3.org/2000/svg";

/**
 * A node, at the end of its parent.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [className]
 * @param {Element} [parent]
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, className, parent, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  if (parent) parent.append(node);
  return node;
}

/**
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number>} attributes
 * @param {Element} [parent]
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function makeSvg(tag, attributes, parent) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  if (parent) parent.append(node);
  return node;
}

/**
 * A button. Its name begins with what is seen on it, so that it can be called by it; where that is a sign, the label is
 * its name. A key in brackets at the end is not shown where there is none.
 * @param {Element} parent
 * @param {string} text
 * @param {string} label what it does, for a pointer that rests on it and for screen readers
 * @param {(event: MouseEvent) => void} [act]
 */
export function button(parent, text, label, act) {
  const node = make("button", "px-button", parent);
  const [, words, key] = /^(.*?)( \([^)]+\))?$/.exec(text);
  node.append(words);
  if (key) make("span", "px-key", node, key);
  node.type = "button";
  node.title = label;
  if (label.startsWith(text) || !/\p{L}|\p{N}/u.test(text)) node.setAttribute("aria-label", label);
  if (act) node.addEventListener("click", act);
  return node;
}
