// Below the wells: each photograph is replaced, or a part of it chosen, by pointer and by keyboard.

import { button, make } from "../../page/dom.js";
import { on } from "../../page/state.js";
import { Cutter } from "./cutter.js";

/** @import { WellsPart } from "../../page/payloads.js" */

const PATIENCE = 3000; // ms until gradio has emptied a well

/** The well of photograph `side`.
 * @param {HTMLElement} element
 * @param {number} side */
const well = (element, side) => element.closest(".px-first").querySelectorAll(".px-photos > *")[side];

/** The same files, each said to be an image: what it is, our decoder finds out, and says what to do. Gradio would refuse it
 * with a message of its own.
 * @param {FileList} files */
function asImages(files) {
  const all = new DataTransfer();
  for (const file of files)
    all.items.add(file.type.startsWith("image/") ? file : new File([file], file.name, { type: "image/png" }));
  return all.files;
}

/** Puts a file into a well, in place of what is there, as if it had been dropped.
 * @param {Element} node
 * @param {FileList} files */
async function fill(node, files) {
  /** @type {HTMLElement} */ (node.querySelector("button[aria-label^=Remove]"))?.click();
  const until = Date.now() + PATIENCE;
  const found = () => /** @type {HTMLInputElement | null} */ (node.querySelector("input[type=file]"));
  while (!found() && Date.now() < until) await new Promise((done) => requestAnimationFrame(done));
  const input = found();
  if (!input) return;
  input.files = asImages(files);
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

/** @param {WellsPart} part */
export function mount({ element, trigger }) {
  /** @type {HTMLElement} */
  const row = element.querySelector(".px-wells");
  const cutter = new Cutter(row, (cut) => trigger("cut", cut));
  const tools = [0, 1].map((side) => {
    const letter = "AB"[side];
    const tool = make("div", "px-well-tools", row);
    const file = make("input", "px-unseen", tool);
    Object.assign(file, { type: "file", accept: "image/*,.heic,.heif,.tif,.tiff", tabIndex: -1 });
    file.setAttribute("aria-label", `File for photograph ${letter}`);
    file.addEventListener("change", () => {
      if (file.files.length) fill(well(element, side), file.files);
      setTimeout(() => {
        file.value = "";
      }, PATIENCE);
    });
    const choose = button(tool, "", "", () => file.click());
    const cut = button(tool, "Crop, turn", `Crop, turn or mirror photograph ${letter}`, () =>
      trigger("edit", { side }),
    );
    return { choose, cut, letter };
  });
  const tell = () =>
    tools.forEach(({ choose, cut, letter }, side) => {
      const filled = Boolean(well(element, side)?.querySelector("img"));
      choose.textContent = filled ? "Replace" : "Choose";
      choose.title = `${choose.textContent} photograph ${letter}`;
      choose.setAttribute("aria-label", choose.title);
      cut.disabled = !filled;
    });
  on("well", (answer) => cutter.open(answer));

  // Gradio names the button that empties a well without saying which.
  const rename = () =>
    [0, 1].forEach((side) => {
      const remove = well(element, side)?.querySelector("button[aria-label='Remove Image']");
      remove?.setAttribute("aria-label", `Remove photograph ${"AB"[side]}`);
    });
  const look = () => {
    rename();
    tell();
  };
  /** @type {HTMLElement} */
  const photos = element.closest(".px-first").querySelector(".px-photos");
  new MutationObserver(look).observe(photos, { childList: true, subtree: true });
  look();
  photos.addEventListener(
    "change",
    ({ target }) => {
      if (target instanceof HTMLInputElement && target.files) target.files = asImages(target.files);
    },
    true,
  );
  photos.addEventListener(
    "drop",
    (event) => {
      const side = [0, 1].findIndex((one) => well(element, one).contains(/** @type {Node} */ (event.target)));
      if (side < 0 || !event.dataTransfer.files.length) return;
      event.preventDefault();
      event.stopPropagation();
      fill(well(element, side), event.dataTransfer.files);
    },
    true,
  );
}
