// What the parts of the page share: the look, the form's values, and a bus for "scene", "look", "form", "changed" and what
// the server says to a part. The first part makes it.

const shared = (window.pairx ??= {
  bus: new EventTarget(),
  look: { lines: 20, colors: 10, opacity: 0.75, palette: "" },
  background: "own",
  // The background of the tab Compare: a choice, or a photograph where it is "photograph".
  relative(choice, photo) {
    this.background = choice === "photograph" ? photo?.path ?? null : choice;
    this.bus.dispatchEvent(new CustomEvent("form"));
  },
  // The form as it stands now: photographs, model, layer, options.
  form(...values) {
    this.values = values;
    this.formNow = values.map((value) => value?.path ?? value);
    this.bus.dispatchEvent(new CustomEvent("form"));
  },
});

const PAUSES = [300, 1000, 3000, 8000]; // ms before a file that could not be fetched is asked for again

// A file of the server; where the network or the server fails for a while, it is asked for again. Throws when it cannot be had.
async function fetched(url) {
  for (const pause of [...PAUSES, null]) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.ok) return answer;
    if (pause === null || (answer && answer.status < 500)) throw new Error(answer ? answer.status : "network");
    await new Promise((done) => setTimeout(done, pause));
  }
}

// Gives an image its source, again where it could not be fetched.
function picture(node, src) {
  const pauses = [...PAUSES];
  node.addEventListener("error", () => pauses.length && setTimeout(() => { node.src = src; }, pauses.shift()));
  node.src = src;
  return node;
}

function make(tag, className, parent, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  if (parent) parent.append(node);
  return node;
}
