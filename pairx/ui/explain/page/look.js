// The Look panel: changes how the picture is drawn, at once and only in the browser.

import { emit, follow, setDefaults, state } from "../../page/state.js";

/** @import { LookPanelPart } from "../../page/payloads.js" */

/** @param {LookPanelPart} part */
export function mount({ element, given }) {
  setDefaults(given);
  const panel = element.querySelector(".px-look");
  panel.replaceChildren();

  /** @returns {(value: number, limit?: number) => void} */
  function control(name, title, hint, max, toText, toLook) {
    const label = document.createElement("label");
    const head = document.createElement("span");
    const words = document.createElement("span");
    const output = document.createElement("output");
    const input = Object.assign(document.createElement("input"), { type: "range", min: "0", max, step: "1" });
    words.textContent = title;
    label.title = hint;
    input.dataset.look = name;
    head.append(words, output);
    label.append(head, input);
    panel.append(label);
    input.addEventListener("input", () => {
      state.look[name] = toLook(Number(input.value));
      output.textContent = toText(Number(input.value));
      emit("look");
    });
    return (value, limit) => {
      if (limit !== undefined) input.max = String(limit);
      input.value = String(value);
      input.disabled = limit === 0;
      output.textContent = toText(Number(input.value));
    };
  }

  const whole = (value) => String(value);
  const setLines = control(
    "lines",
    "Lines",
    "How many matches are joined by a line",
    given.most_lines,
    whole,
    (value) => value,
  );
  const setColors = control(
    "colors",
    "Colours",
    "How many matches are traced to pixels",
    given.most_colors,
    whole,
    (value) => value,
  );
  const setOpacity = control(
    "opacity",
    "Opacity",
    "How strongly relevance and colours cover the photographs",
    100,
    (value) => `${value} %`,
    (value) => value / 100,
  );

  const label = document.createElement("label");
  label.textContent = "Colours of the matches";
  const palette = document.createElement("select");
  palette.dataset.look = "palette";
  label.append(palette);
  panel.append(label);
  palette.addEventListener("change", () => {
    state.look.palette = palette.value;
    emit("look");
  });

  follow("scene", (detail) => {
    setLines(state.look.lines, detail.lines);
    setColors(state.look.colors, detail.colors);
    setOpacity(Math.round(100 * state.look.opacity));
    palette.replaceChildren(...detail.palettes.map((name) => new Option(name[0].toUpperCase() + name.slice(1), name)));
    palette.value = state.look.palette;
    panel.classList.add("px-ready");
  });
}
