// The pair, model and layer that the form holds.

import { make } from "../../page/dom.js";
import { on, state } from "../../page/state.js";

/** @import { ChosenPairPart } from "../../page/payloads.js" */

/** @param {ChosenPairPart} part */
export function mount({ element }) {
  const box = element.querySelector(".px-chosen");

  function draw() {
    const [first, second, model, layer] = state.values ?? [];
    box.replaceChildren();
    const photos = make("div", "px-chosen-pair", box);
    [first, second].forEach((photo, i) => {
      const name = `Photograph ${"AB"[i]}`;
      if (photo?.url)
        Object.assign(make("img", "", photos), { src: photo.url, alt: name, title: photo.orig_name ?? name });
      else make("span", "px-chosen-missing", photos, `${name} is missing`);
    });
    if (model) make("p", "px-hint", box, `${model} · ${layer}`);
  }

  on("form", draw);
  draw();
}
