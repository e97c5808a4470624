// As much of a browser as modules need that only listen and tell.

Object.assign(globalThis, { window: new EventTarget(), document: new EventTarget() });
