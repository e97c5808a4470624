// The ready-made views as chips, and what the one on show means.

const root = element.querySelector(".px-views");
root.replaceChildren();
const chips = make("div", "px-chips", root);
chips.setAttribute("role", "group");
chips.setAttribute("aria-label", "Ready-made views");
const meaning = make("p", "px-meaning", root);
meaning.setAttribute("role", "status");
const numbers = make("p", "px-hint px-standing", root);

function draw() {
  chips.replaceChildren();
  for (const view of explore.scene.views) {
    const node = button(chips, view.title, view.meaning, () => explore.look(view.id));
    node.setAttribute("aria-label", `${view.title}, ${view.numbers.length} pairs`);
    node.dataset.view = view.id;
    make("span", "px-count", node, view.numbers.length.toLocaleString("en"));
  }
  numbers.textContent = explore.scene.sentence;
}

function paint() {
  const view = explore.scene.views.find((one) => one.id === explore.view);
  for (const node of chips.children) node.setAttribute("aria-pressed", String(node.dataset.view === explore.view));
  meaning.textContent = view ? view.meaning : `${explore.selected.length.toLocaleString("en")} pairs selected in the plot.`;
}

shared.bus.addEventListener("rows", draw);
shared.bus.addEventListener("selection", paint);
if (explore.scene) {
  draw();
  paint();
}
