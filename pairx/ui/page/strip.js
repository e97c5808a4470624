// Ready pairs, or photographs, as buttons.

import { follow } from "./state.js";

/** @import { SampleStripPart } from "./payloads.js" */

/** @param {SampleStripPart} part */
export function mount({ element, props, given, trigger }) {
  const strip = element.querySelector(".px-strip");
  strip.setAttribute("aria-label", given.label);
  strip.classList.toggle(
    "px-singles",
    props.value.every(({ thumbs }) => thumbs.length === 1),
  );
  const buttons = props.value.map((pair) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = pair.caption;
    const thumbs = document.createElement("span");
    thumbs.className = "px-strip-pair";
    for (const src of pair.thumbs) thumbs.append(Object.assign(document.createElement("img"), { src, alt: "" }));
    const title = document.createElement("span");
    title.textContent = pair.title;
    button.append(thumbs, title);
    button.addEventListener("click", () => trigger("choose", { id: pair.id }));
    return button;
  });
  strip.replaceChildren(...buttons);
  follow("scene", (detail) => {
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(props.value[i].id === detail.sample)));
  });
}
