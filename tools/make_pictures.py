"""The README's pictures, of the app as it stands and of the pair that it opens on.

    python -m tools.make_pictures [--out assets/pictures]

`figure.jpg` is what `explain` draws; `app.jpg`, `explore.jpg` and `figure-tab.jpg` are what Chromium shows of a server
of their own.
Needs requirements-dev.txt and Debian's `chromium` on the path.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from pairx import viz
from pairx.ui.app import open_app_state

ROOT = Path(__file__).resolve().parents[1]
ARGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDTH, HEIGHT = 1440, 1000  # px, of the window
WIDEST = 1800  # px
QUALITY = 85
PATIENCE = 120  # s


CHOOSE = """() => {
  const { number, cosine } = pairx.explore.scene;
  pairx.explore.choose(number[cosine.indexOf(Math.max(...cosine))]);
}"""
"""Chooses the pair that the model finds most similar."""

FIGURE = {
    "title": "One individual, and different ones",
    "rows": [
        {"a": "sample:inka-1", "b": "sample:inka-2", "title": "Same zebra"},
        {"a": "sample:domino-3", "b": "sample:inka-2", "title": "Two zebras"},
        {"a": "sample:duma-2", "b": "sample:tano-3", "title": "Two cheetahs"},
    ],
    "columns": [{"show": "photographs"}, {"method": "pair-x"}, {"method": "pair-x", "show": "colours"}],
}
"""The figure in progress that the tab Figure shows."""


@contextmanager
def served() -> Iterator[str]:
    """The address of the app, while it runs."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    with TemporaryDirectory() as runs:
        command = [sys.executable, "app.py", "--port", str(port), "--runs", runs]
        server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"})
        try:
            yield answering(f"http://127.0.0.1:{port}/", server)
        finally:
            server.terminate()
            server.wait(PATIENCE)


def answering(address: str, server: subprocess.Popen) -> str:
    """The address, once it answers. Raises TimeoutError where it does not in time."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return address
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(f"The app did not answer at {address}.")


def pictures() -> Iterator[tuple[str, bytes]]:
    """The name of each picture of the app, and a PNG of it."""
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGS)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(1000 * PATIENCE)
        page.goto(address)
        page.wait_for_selector(".px-viewer.px-ready")
        yield "app", settled(page)
        page.get_by_role("tab", name="Explore").click()
        page.wait_for_selector(".px-explore.px-ready")
        page.evaluate(CHOOSE)
        page.wait_for_selector(".px-pairpanel[data-explained]")
        yield "explore", settled(page)
        page.evaluate("figure => localStorage['px-figure'] = JSON.stringify(figure)", FIGURE)
        page.reload()
        page.wait_for_selector(".px-explore.px-ready")  # the address is of that tab
        page.get_by_role("tab", name="Figure").click()
        page.locator("#px-draw").click()
        page.wait_for_selector(".px-figure-view[data-drawn]:not(.px-stale) .px-figure-image")
        yield "figure-tab", settled(page)
        browser.close()


def settled(page: Page) -> bytes:
    """A PNG of the page once all that fades in has done so."""
    page.wait_for_timeout(3000)
    return page.screenshot()


def figure() -> bytes:
    """A PNG of what `explain` draws of the pair that the app opens on."""
    app_state, _, request = open_app_state()
    return viz.draw(app_state.explain(request), app_state.pair(request)).png()


def save(png: bytes, path: Path) -> None:
    """As a JPEG of at most `WIDEST` pixels."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.thumbnail((WIDEST, WIDEST), Image.Resampling.LANCZOS)
    image.save(path, quality=QUALITY, optimize=True, progressive=True)


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "assets" / "pictures", help="a folder (%(default)s)")
    out = parser.parse_args().out
    save(figure(), out / "figure.jpg")
    for name, png in pictures():
        save(png, out / f"{name}.jpg")


if __name__ == "__main__":
    main()
