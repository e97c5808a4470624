"""One server and one Chromium for all browser tests; without Chromium or playwright they are skipped."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ARGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE = 90_000  # ms for a run; a busy machine has many runs at once


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def overflow(page) -> int:
    """Pixels by which a page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def drawn(page) -> None:
    """Wait until the page has drawn what it was told: it draws in the frame after an event."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))")


@pytest.fixture(scope="session")
def app_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the running app keeps its runs and reviews."""
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="session")
def address(app_folder: Path) -> Iterator[str]:
    """Of the running app."""
    folder = app_folder
    port = _free_port()
    log = (folder / "log.txt").open("w")
    command = [sys.executable, "-m", "tests.browser.serve", str(port), str(folder / "opening.npz")]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}  # threads that wait for one another are slow on a busy machine
    server = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, env=alone)
    url = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(600):
            if server.poll() is not None:
                break
            try:
                urllib.request.urlopen(url, timeout=5).close()
                break
            except OSError:
                time.sleep(0.5)
        else:
            pytest.fail("the app did not start within five minutes")
        assert server.poll() is None, (folder / "log.txt").read_text()
        yield url
    finally:
        server.terminate()
        server.wait(30)
        log.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator:
    """A browser. Every context made from it is closed with it."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, address) -> Iterator:
    """Opens the app: `open_page(query, width=1440, height=1000, dark=False, touch=False)`, ready when the picture, or
    what else is to be `shown`, is there. The page's `requests` collects what it asked for, `faults` its JavaScript
    errors."""
    contexts = []

    def go(
        query: str = "",
        width: int = 1440,
        height: int = 1000,
        dark: bool = False,
        touch: bool = False,
        shown: str = ".px-viewer.px-ready",
    ):
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            has_touch=touch,
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.faults, page.requests = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.goto(address + query)
        page.wait_for_selector(shown)
        page.wait_for_timeout(300)
        return page

    yield go
    for context in contexts:
        for page in context.pages:
            assert page.faults == []
        context.close()
