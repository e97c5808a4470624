"""What becomes of decisions while the server and the browser are killed: see `benchmarks.review --kills`."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pandas as pd
from playwright.sync_api import Error, Page, Playwright, Request, sync_playwright

from benchmarks.memory import free_port, serve
from pairx.datasets import load_dataset
from pairx.reviews import ReviewLog

ARGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
    "--no-first-run", "--remote-debugging-port=0",
)  # fmt: skip
PACE = 100  # ms between two keys
MOST_SECONDS = 4.0  # from a beginning to its kill
KEYS = {"y": "match", "n": "no_match", "u": "unsure"}
CANDIDATES = 20
UNTOLD = 2  # keys: the last one, and one whose request may wait for the answer to another
PRESS = """(key) => {
  const { key: shown } = document.querySelector('.px-review').dataset;
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  return shown ?? null;
}"""
"""Presses a key; the pair that was on the screen then."""


class Browser:
    """Chromium in a process of its own that can be killed, and what its page asked and was answered."""

    def __init__(self, playwright: Playwright, address: str, session: Session) -> None:
        self.profile = tempfile.mkdtemp(prefix="pairx-chromium-")
        command = [str(shutil.which("chromium")), *ARGS, f"--user-data-dir={self.profile}", "about:blank"]
        nowhere = subprocess.DEVNULL
        self.process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere, start_new_session=True)
        port = _written(Path(self.profile) / "DevToolsActivePort").split()[0]
        browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        self.page: Page = browser.contexts[0].new_page()
        self.page.set_default_timeout(120_000)
        self.page.add_init_script("localStorage.setItem('px-reviewer', 'Ada')")
        self.page.on("request", session.sent_by)
        self.page.on("requestfinished", session.answered_to)
        self.page.goto(address)
        self.page.wait_for_selector(".px-viewer.px-ready")
        self.page.get_by_role("tab", name="Review").click()
        self.page.wait_for_selector(".px-review.px-ready[data-key]")

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


class Session:
    """What was pressed, what the page sent, what was acknowledged."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.pressed: list[tuple[str | None, str]] = []
        self.sent: dict[str, tuple[str, str]] = {}
        """By ticket: the pair as the page names it, and the verdict."""
        self.acknowledged: set[str] = set()
        self.unheard: list[tuple[str | None, str]] = []
        """What was pressed last before a browser died, which may have sent it and not told so."""

    def sent_by(self, request: Request) -> None:
        if request.url.endswith("/decide"):
            body = request.post_data_json
            self.sent.setdefault(body["ticket"], (_pair(body["query"], body["candidate"]), body["verdict"]))

    def answered_to(self, request: Request) -> None:
        if request.url.endswith("/decide"):
            with suppress(Error):  # the browser is no more
                answer = request.response()
                if answer and answer.status == 200:
                    self.acknowledged.add(request.post_data_json["ticket"])

    def press(self, page: Page) -> None:
        """Press a key of a verdict."""
        key = self.random.choice(list(KEYS))
        self.pressed.append((None, KEYS[key]))
        self.pressed[-1] = (page.evaluate(PRESS, key), KEYS[key])
        page.wait_for_timeout(PACE)

    def browser_died(self) -> None:
        heard = set(self.sent.values())
        self.unheard += [one for one in self.pressed[-UNTOLD:] if one not in heard]

    def swapped(self) -> int:
        """Decisions that were sent about another pair than that on the screen, or with another verdict than that of the
        key."""
        keys = iter(self.pressed)
        return sum(not any(_same(one, sent) for one in keys) for sent in self.sent.values())


def kill_at_random(folder: Path, moments: int, seed: int = 0) -> dict[str, int]:
    """Decide by key while the server and the browser are killed in turn at random moments.

    folder: an empty one for the review. Returns the table: what was pressed, sent, acknowledged and kept, and what was
    lost, doubled or swapped, which should all be 0.
    """
    ids = list(load_dataset("sample").table["image_id"])
    pairs = [(one, ids[(i + k) % len(ids)], None, None, k) for i, one in enumerate(ids) for k in range(1, CANDIDATES)]
    with ReviewLog(folder / "herd", {"dataset": "sample", "model": "reid-lite0", "model_key": ""}) as log:
        log.add_tasks(pairs)
    session, port = Session(seed), free_port()
    address = f"http://127.0.0.1:{port}/"
    with sync_playwright() as playwright:
        server = serve(port, PAIRX_REVIEWS=str(folder))
        browser = Browser(playwright, address, session)
        try:
            for moment in range(moments):
                of_server = moment % 2 == 0
                victim = server if of_server else browser.process
                for _ in _until_killed(victim, session.random.uniform(0.2, MOST_SECONDS)):
                    with suppress(Error):
                        session.press(browser.page)
                if of_server:
                    server = serve(port, PAIRX_REVIEWS=str(folder))
                else:
                    browser.kill()
                    session.browser_died()
                    browser = Browser(playwright, address, session)
            before = len(session.acknowledged)
            while len(session.acknowledged) < before + 5:
                session.press(browser.page)
        finally:
            browser.kill()
            server.kill()
            server.wait()
    with ReviewLog(folder / "herd") as log:
        return {"killed": moments, **told(session, log.entries())}


def told(session: Session, kept: pd.DataFrame) -> dict[str, int]:
    """The table."""
    found = {row.ticket: (_pair(row.query_id, row.candidate_id), row.verdict) for row in kept.itertuples()}
    untold = [decision for ticket, decision in found.items() if ticket not in session.sent]
    other = sum(found[ticket] != sent for ticket, sent in session.sent.items() if ticket in found)
    return {
        "keys pressed": len(session.pressed),
        "decisions that the page sent": len(session.sent),
        "acknowledged": len(session.acknowledged),
        "kept": len(kept),
        "acknowledged and lost": len(session.acknowledged - set(found)),
        "kept and never sent": sum(not any(_same(one, decision) for one in session.unheard) for decision in untold),
        "doubled": int(kept.duplicated(["query_id", "candidate_id"]).sum() + kept["ticket"].duplicated().sum()),
        "swapped": session.swapped() + other,
    }


def _until_killed(process: subprocess.Popen, seconds: float) -> Iterator[None]:
    """Goes on until a process was killed after so many seconds."""
    timer = threading.Timer(seconds, lambda: os.kill(process.pid, signal.SIGKILL))
    timer.start()
    while process.poll() is None:
        yield
    timer.join()


def _written(path: Path) -> str:
    """What a file holds, as soon as it does."""
    for _ in range(600):
        if path.exists() and (text := path.read_text()).count("\n"):
            return text
        time.sleep(0.1)
    raise TimeoutError("Chromium did not start within a minute")


def _pair(query: str, candidate: str) -> str:
    return f'["{query}","{candidate}"]'


def _same(pressed: tuple[str | None, str], sent: tuple[str, str]) -> bool:
    """Whether a decision is that of a key; what was on the screen is not known where the browser died of it."""
    return pressed[1] == sent[1] and pressed[0] in (None, sent[0])
