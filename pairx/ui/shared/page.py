"""The page's files: scripts as modules and style sheets, each in the folder of the part that it belongs to."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pairx import viz
from pairx.viz.scatter import CLASSES

UI = Path(__file__).resolve().parents[1]
FOLDERS = tuple(
    UI / name
    for name in (
        *("page", "explain/page", "compare/page", "trust/page"),
        *("explore/page", "review/page", "figure/page", "about/page"),
    )
)
"""All that the browser may fetch of this package."""
SHEETS = tuple(sheet for folder in FOLDERS for sheet in sorted(folder.glob("*.css")))


def address(path: Path) -> str:
    """Where the browser finds a file, relative to the page, so that a proxy may put the app under any path."""
    return f"gradio_api/file={quote(path.as_posix(), safe='/:')}"


def imported(module: str) -> str:
    """JavaScript that imports a module, by its path in this package: a promise of what it exports."""
    return f"import(new URL({json.dumps(address(UI / module))}, document.baseURI).href)"


def variables() -> str:
    """The values that style sheets have from Python, as custom properties."""
    known = {**{name: color for _, name, color, _ in CLASSES}, "faint": viz.FAINT, "opacity": viz.Look().opacity}
    return f":root {{ {' '.join(f'--px-{name}: {value};' for name, value in known.items())} }}"


def head() -> str:
    """What the page's head needs: our style sheets as they are, as gradio would rewrite the selectors of one given as
    `css`, and the modules, which the browser fetches at once and not one after the other."""
    sheets = "\n".join([variables(), *(sheet.read_text(encoding="utf-8") for sheet in SHEETS)])
    modules = [module for folder in FOLDERS for module in sorted(folder.glob("*.js"))]
    links = "\n".join(f'<link rel="modulepreload" href="{address(module)}">' for module in modules)
    return f"{links}\n<style>\n{sheets}\n</style>"


class Revalidated:
    """Middleware: the browser asks for the page's files whenever the page is opened. Otherwise it may put modules of
    two releases together."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.places = tuple(f"/{address(folder)}/" for folder in FOLDERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not any(place in quote(scope["path"], safe="/:=") for place in self.places):
            await self.app(scope, receive, send)
            return

        async def send_with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Cache-Control"] = "no-cache"
            await send(message)

        await self.app(scope, receive, send_with_header)
