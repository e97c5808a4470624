// Hands what the server says to the page's bus.

watch("value", () => shared.bus.dispatchEvent(new CustomEvent(given.event, { detail: props.value })));
