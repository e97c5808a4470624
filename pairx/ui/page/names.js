// Names of photographs and individuals, which are of others: long, and in any script.

const RIGHT_TO_LEFT = /\p{Script=Hebrew}|\p{Script=Arabic}|\p{Script=Syriac}|\p{Script=Thaana}|\p{Script=Nko}/u;
const [ISOLATE, POP] = ["\u2068", "\u2069"];

/** The text with an ellipsis in its middle where it is longer: names differ at their ends.
 * @param {string} text
 * @param {number} most characters */
export function cutInTheMiddle(text, most) {
  const letters = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
  if (letters.length <= most) return text;
  const tail = Math.floor((most - 1) / 2);
  return `${letters.slice(0, most - 1 - tail).join("")}…${letters.slice(letters.length - tail).join("")}`;
}

/** A name for a place that holds no nodes: where it is written from right to left, each part of its path is kept apart from
 * what stands around it.
 * @param {string} name */
export function isolated(name) {
  if (!RIGHT_TO_LEFT.test(name)) return name;
  return name
    .split("/")
    .map((part) => `${ISOLATE}${part}${POP}`)
    .join("/");
}

/** A name as a node, cut to so many characters, and whole when pointed at. Its direction moves nothing beside it.
 * @param {Element} parent
 * @param {string} name
 * @param {number} most */
export function named(parent, name, most) {
  const node = document.createElement("bdi");
  node.className = "px-named";
  node.dir = "ltr"; // the order of a path's parts
  recut(node, name, most);
  node.title = isolated(name);
  parent.append(node);
  return node;
}

/** The same node, for another width.
 * @param {HTMLElement} node
 * @param {string} name
 * @param {number} most */
export function recut(node, name, most) {
  node.textContent = isolated(cutInTheMiddle(name, most));
}

/** The name of a photograph without the folder of its individual, which stands beside it.
 * @param {string} id
 * @param {string} individual */
export const ownName = (id, individual) => (id.startsWith(`${individual}/`) ? id.slice(individual.length + 1) : id);
