// Files of the server: where the network or the server fails for a while, they are asked for again.

const PAUSES = [300, 1000, 3000, 8000]; // ms before a file that could not be fetched is asked for again

/** Throws when it cannot be had.
 * @param {string} url
 * @returns {Promise<Response>} */
export async function fetched(url) {
  for (const pause of [...PAUSES, null]) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return answer;
    if (pause === null || (answer && answer.status < 500)) throw new Error(answer ? String(answer.status) : "network");
    await new Promise((done) => setTimeout(done, pause));
  }
}

/** Gives an image its source.
 * @param {HTMLImageElement} node
 * @param {string} src */
export function picture(node, src) {
  const pauses = [...PAUSES];
  node.addEventListener(
    "error",
    () =>
      pauses.length &&
      setTimeout(() => {
        node.src = src;
      }, pauses.shift()),
  );
  node.src = src;
  return node;
}
