// Hands what the server says to the page's bus.

import { emit } from "./state.js";

/** @import { MessengerPart } from "./payloads.js" */

/** @param {MessengerPart} part */
export function mount({ props, given, watch }) {
  watch("value", () => emit(/** @type {any} */ (given.event), props.value));
}
