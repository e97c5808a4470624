"""How long a reviewer waits in the tab Review, and whether a decision can be lost.

    python -m benchmarks.review [--decisions 100] [--look 1.0] [--json OUT]
    python -m benchmarks.review --kills 20 [--json OUT]

Begins a review of the sample herd with reid-lite0, serves the app and decides by key in Chromium: with a pause in which
a person looks, without one, and without one while PAIR-X is off. Prints milliseconds from the key to the next
candidate's photographs on the screen, and to its PAIR-X. With --kills it decides ten times a second instead, kills the
server and the browser in turn (SIGKILL) at so many random moments, and prints what became of the decisions.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

import pairx
from benchmarks.memory import free_port, serve
from benchmarks.review_kills import kill_at_random
from pairx.datasets import load_dataset
from pairx.evaluation.search import split_queries
from pairx.reviews.queues import begin_steps, candidate_steps
from pairx.types import finished

MODEL = "reid-lite0"
CANDIDATES = 10
AIMS = {"next candidate": 200, "PAIR-X": 1000}
"""Milliseconds, 95 of 100."""
ARGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
DECIDE = """(explained) => new Promise((done) => {
  const root = document.querySelector('.px-review'), before = root.dataset.key, began = performance.now();
  const found = {};
  const told = (name) => requestAnimationFrame(() => setTimeout(() => { found[name] ??= performance.now() - began; }));
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'n', bubbles: true }));
  const look = () => {
    if (root.dataset.key !== before) {
      const photos = [...root.querySelectorAll('.px-stage .px-photo')];
      if (photos.length === 2 && photos.every((photo) => photo.complete && photo.naturalWidth))
        Promise.all(photos.map((photo) => photo.decode())).then(() => told('next candidate'), () => null);
      if (root.dataset.explained === 'true' && root.querySelector('.px-lines .px-mark')) told('PAIR-X');
      if (found['next candidate'] && (found['PAIR-X'] || !explained)) return done(found);
    }
    requestAnimationFrame(look);
  };
  look();
})"""
"""Decides by key; milliseconds until the frame after each thing is there."""


def begin(folder: Path) -> None:
    """A review of the sample herd, each query with its candidates."""
    model, herd = pairx.load_model(MODEL), load_dataset("sample")
    pairs = candidate_steps(herd, model, split_queries(herd, None, None, False), CANDIDATES)
    finished(begin_steps(folder, herd, "sample", model, MODEL, pairs))


def session(page: Page, decisions: int, seconds: float, explained: bool) -> dict[str, list[float]]:
    """Milliseconds of each decision. seconds: that a person looks at each pair."""
    on = page.locator('.px-review[data-explained="true"]')
    if on.count() != explained:
        page.keyboard.press("x")
    if explained:
        on.wait_for()
    page.wait_for_timeout(3000)
    found: dict[str, list[float]] = {}
    for _ in range(decisions):
        page.wait_for_timeout(1000 * seconds)
        for name, value in page.evaluate(DECIDE, explained).items():
            found.setdefault(name, []).append(value)
    return found


def browse(address: str, decisions: int, seconds: float) -> dict[str, dict[str, list[float]]]:
    """The sessions of one reviewer, one after the other, so that no pair comes twice."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(ARGS))
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(180_000)
        page.add_init_script("localStorage.setItem('px-reviewer', 'Ada')")
        page.goto(address)
        page.wait_for_selector(".px-viewer.px-ready")
        page.get_by_role("tab", name="Review").click()
        page.wait_for_selector(".px-review.px-ready[data-key]")
        found = {
            f"PAIR-X on, {seconds:g} s of looking": session(page, decisions, seconds, True),
            "PAIR-X on, no pause": session(page, decisions, 0, True),
            "PAIR-X off, no pause": session(page, decisions, 0, False),
        }
        browser.close()
    return found


def wait(decisions: int, seconds: float) -> dict[str, dict[str, dict[str, float]]]:
    """Serve, decide, print the table; returns its numbers."""
    port, told = free_port(), {}
    with tempfile.TemporaryDirectory(prefix="pairx-") as folder:
        begin(Path(folder) / "herd")
        process = serve(port, PAIRX_REVIEWS=folder)
        try:
            found = browse(f"http://127.0.0.1:{port}/", decisions, seconds)
        finally:
            process.terminate()
            process.wait(30)
    print(f"{decisions} decisions each, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'milliseconds to':<28}{'':<16}{'times':>6}{'p50':>7}{'p95':>7}{'worst':>7}{'aim p95':>9}")
    for name, rows in found.items():
        told[name] = {}
        for what, values in rows.items():
            p50, p95 = np.quantile(values, (0.5, 0.95)).tolist()
            told[name][what] = {"times": len(values), "p50": p50, "p95": p95, "worst": max(values)}
            numbers = f"{len(values):>6}{p50:>7.0f}{p95:>7.0f}{max(values):>7.0f}{AIMS[what]:>9}"
            print(f"{name:<28}{what:<16}{numbers}")
    return told


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decisions", type=int, default=100, help="of each session")
    parser.add_argument("--look", type=float, default=1.0, help="seconds that a person looks at a pair")
    parser.add_argument("--kills", type=int, default=0, help="kill server and browser at so many moments instead")
    parser.add_argument("--json", type=Path, metavar="OUT", help="where the numbers are written")
    arguments = parser.parse_args()
    if arguments.kills:
        with tempfile.TemporaryDirectory(prefix="pairx-") as folder:
            told = kill_at_random(Path(folder), arguments.kills)
        print("\n".join(f"{name:<44}{value:>6}" for name, value in told.items()))
    else:
        told = wait(arguments.decisions, arguments.look)
    if arguments.json:
        arguments.json.write_text(json.dumps({"load": os.getloadavg()[0], "cores": os.cpu_count(), **told}, indent=1))


if __name__ == "__main__":
    main()
