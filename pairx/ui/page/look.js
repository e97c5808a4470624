// The Look panel: changes how the picture is drawn, at once and only in the browser.

const panel = element.querySelector(".px-look");
panel.replaceChildren();

function control(name, title, hint, max, toText, toLook) {
  const label = document.createElement("label");
  const head = document.createElement("span");
  const words = document.createElement("span");
  const output = document.createElement("output");
  const input = Object.assign(document.createElement("input"), { type: "range", min: 0, max, step: 1 });
  words.textContent = title;
  label.title = hint;
  input.dataset.look = name;
  head.append(words, output);
  label.append(head, input);
  panel.append(label);
  input.addEventListener("input", () => {
    shared.look[name] = toLook(Number(input.value));
    output.textContent = toText(Number(input.value));
    shared.bus.dispatchEvent(new CustomEvent("look"));
  });
  return (value, limit) => {
    if (limit !== undefined) input.max = limit;
    input.value = value;
    input.disabled = limit === 0;
    output.textContent = toText(Number(input.value));
  };
}

const whole = (value) => String(value);
const setLines = control("lines", "Lines", "How many matches are joined by a line", 40, whole, (value) => value);
const setColors = control("colors", "Colours", "How many matches are traced to pixels", 10, whole, (value) => value);
const setOpacity = control("opacity", "Opacity", "How strongly relevance and colours cover the photographs", 100, (value) => `${value} %`, (value) => value / 100);

const label = document.createElement("label");
label.textContent = "Colours of the matches";
const palette = document.createElement("select");
palette.dataset.look = "palette";
label.append(palette);
panel.append(label);
palette.addEventListener("change", () => {
  shared.look.palette = palette.value;
  shared.bus.dispatchEvent(new CustomEvent("look"));
});

shared.bus.addEventListener("scene", ({ detail }) => {
  setLines(shared.look.lines, detail.lines);
  setColors(shared.look.colors, detail.colors);
  setOpacity(Math.round(100 * shared.look.opacity));
  palette.replaceChildren(...detail.palettes.map((name) => new Option(name[0].toUpperCase() + name.slice(1), name)));
  palette.value = shared.look.palette;
  panel.classList.add("px-ready");
});
