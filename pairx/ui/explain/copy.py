"""One file that shows an explanation without the app and without a network: the page's own modules, inlined."""

from __future__ import annotations

import base64
import html
import json
import posixpath
import re
from pathlib import Path
from typing import Any

from pairx.ui.explain.parts import look_defaults
from pairx.ui.explain.payload import AnsweredScene
from pairx.ui.shared.page import UI, variables

LONGEST, QUALITY = 1100, 80
"""Of its photographs: px, and of JPEG."""
ENTRY = "explain/offline/copy.js"
SHEETS = ("page/viewer.css", "page/button.css", "page/stage.css", "page/table.css", "page/pointing.css")
OWN = (*(f"explain/page/{name}.css" for name in ("controls", "explain", "telephone")), "explain/offline/copy.css")
_IMPORT = re.compile(r'^(import (?:[^;"]*? from )?)"(\.[^"]+)"', re.MULTILINE)
POLICY = "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; img-src data:"
"""What the file may do: nothing comes from elsewhere, and nothing goes there."""


def offline_copy(scene: AnsweredScene, look: dict[str, Any], about: str) -> bytes:
    """The bytes of the file. scene: its photographs small. look: how it is seen when the file is opened. about: its
    title."""
    # What is of this server stays here: paths, keys, links.
    shown = {**scene, "form": [], "key": "", "link": {}}
    modules = _modules()
    known = {f"pairx/{name}": _uri(text) for name, text in modules.items()}
    styles = "\n".join([variables(), *((UI / name).read_text(encoding="utf-8") for name in (*SHEETS, *OWN))])
    data = _json({"scene": shown, "look": look, "defaults": look_defaults()})
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{html.escape(about)}</title>
<style>
{styles}
</style>
<script type="importmap">{_json({"imports": known})}</script>
</head>
<body class="px-explaining px-copy">
<main>
<div class="px-viewer"></div>
<aside><h2>Look</h2><div class="px-look" role="group" aria-label="Look"></div></aside>
</main>
<script type="application/json" id="px-data">{data}</script>
<script type="module">import "pairx/{ENTRY}";</script>
</body>
</html>
"""
    return page.encode()


def _modules() -> dict[str, str]:
    """The entry and all that it imports, by path in this package; imports are by these paths."""
    found: dict[str, str] = {}
    waiting = [ENTRY]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        text = Path(UI / name).read_text(encoding="utf-8")
        paths = {
            one: posixpath.normpath(posixpath.join(posixpath.dirname(name), one)) for _, one in _IMPORT.findall(text)
        }
        found[name] = text
        for one, path in paths.items():
            found[name] = found[name].replace(f'"{one}"', f'"pairx/{path}"')
        waiting += paths.values()
    return found


def _uri(module: str) -> str:
    return f"data:text/javascript;base64,{base64.b64encode(module.encode()).decode()}"


def _json(value: Any) -> str:
    """JSON that cannot end the script in which it stands."""
    return json.dumps(value, allow_nan=False).replace("<", "\\u003c")
