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

function make(tag, className, parent, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  if (parent) parent.append(node);
  return node;
}
