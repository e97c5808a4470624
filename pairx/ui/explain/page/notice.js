// Says over the picture what runs, what went wrong, or that the settings are others by now, with the button that helps.
// It lies over the line of the story, so that nothing moves when it comes.

import { button, make } from "../../page/dom.js";
import { on, state } from "../../page/state.js";

/** @import { AnsweredScene, StatusValue } from "../../page/payloads.js" */

export class Notice {
  /** @param {HTMLElement} root
   * @param {HTMLElement} line */
  constructor(root, line) {
    this.root = root;
    this.line = line;
    this.text = make("span", "", line);
    this.button = button(line, "", "", () => this.target()?.click());
    /** @type {AnsweredScene} */
    this.scene = null;
    /** @type {StatusValue} */
    this.running = {};
    this.onItsWay = false; // a run is over for the person once its picture is there
    on("form", () => this.tell());
    this.tell();
  }

  /** The button of the form that this one presses. */
  target() {
    return /** @type {HTMLElement} */ (document.querySelector(this.busy ? "#px-stop" : "#px-explain"));
  }

  /** @param {AnsweredScene} scene whose picture is on show now */
  show(scene) {
    this.scene = scene;
    this.tell();
  }

  /** @param {StatusValue} status */
  status(status) {
    this.running = status;
    this.tell();
  }

  /** @param {boolean} on whether a picture is on its way */
  fetching(on) {
    this.onItsWay = on;
    this.tell();
  }

  /** @param {string} text */
  failed(text) {
    this.onItsWay = false;
    this.status({ error: true, text });
  }

  tell() {
    const stale = Boolean(
      this.scene && state.formNow && JSON.stringify(this.scene.form) !== JSON.stringify(state.formNow),
    );
    const now = this.onItsWay && !this.running.busy ? { busy: true, text: "Fetching the picture" } : this.running;
    this.busy = Boolean(now.busy);
    this.root.classList.toggle("px-stale", stale || Boolean(this.scene && this.busy));
    const share = now.total ? ` (${Math.round((100 * now.done) / now.total)} %)` : "";
    if (this.busy) this.text.textContent = `${now.text}${share}`;
    else if (now.text) this.text.textContent = now.text;
    else this.text.textContent = stale ? "The settings changed: this picture shows those from before." : "";
    this.line.classList.toggle("px-none", !this.scene || !this.text.textContent);
    this.button.textContent = this.busy ? "Stop" : "Explain";
    this.button.hidden = !(this.busy || stale || now.error);
    document.querySelector("#px-explain")?.classList.toggle("px-wanted", stale && !this.busy);
  }
}
