// What the parts of the page share: the look, and a bus for "scene", "look" and "changed". The first part makes it.

const shared = (window.pairx ??= {
  bus: new EventTarget(),
  look: { lines: 20, colors: 10, opacity: 0.75, palette: "" },
});
