"""How long a person waits in the Explore tab.

    python -m benchmarks.explore [--pairs 20000] [--clicks 12]

Makes a run of made-up scores over the sample herd's photographs (each under many names), serves the app, opens the run
in Chromium and clicks on points of pairs that were not explained before. Prints seconds until the plot is drawn, from a
click to the pair (photographs and scores) and to PAIR-X with reid-lite0, beside the seconds that the same explanations
take without app and browser, seconds until a ready-made view is drawn, seconds from the key J to the frame with the
next pair's lines, of 40 steps by a person who looks at each pair for 1.5 seconds and of 40 by one who does not pause,
and the hosts that the page asked.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import pandas as pd
from playwright.sync_api import Page, sync_playwright

import pairx
from benchmarks.memory import free_port, serve
from pairx.datasets import load_herd
from pairx.evaluation.reading import open_run
from pairx.ui.shared.library import SAMPLE_RUN

NAME = "made-up"
STEPS = 40
LOOKS = {"step after 1.5 s": 1.5, "step without a pause": 0}
"""For how many seconds a person looks at a pair before the next."""
ARGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
PLACE = """(number) => {
  const plot = document.querySelector('.px-plot');
  const { xaxis, yaxis } = plot._fullLayout;
  const { left, top } = plot.getBoundingClientRect();
  for (const { customdata, x, y } of plot._fullData) {
    const at = customdata ? [...customdata].indexOf(number) : -1;
    if (at >= 0) return [left + xaxis._offset + xaxis.l2p(x[at]), top + yaxis._offset + yaxis.l2p(y[at])];
  }
}"""
"""Where a pair's point is on the page."""
SPREAD = """(count) => {
  const { number, value } = pairx.explore.scene;
  const drawn = number.filter((_, i) => value[i] !== null);
  return [...Array(count).keys()].map((i) => drawn[Math.floor((i + 0.5) * drawn.length / count)]);
}"""
"""Numbers of some pairs that are drawn."""
KEPT = "(await import(document.querySelector('link[href$=\"explore/page/kept.js\"]').href)).kept"
"""The pairs that the page can show without the server."""
STEP = """() => new Promise((done) => {
  const panel = document.querySelector('.px-pairpanel'), before = pairx.explore.chosen, began = performance.now();
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }));
  const look = () => panel.dataset.explained === String(pairx.explore.chosen) && pairx.explore.chosen !== before
    ? requestAnimationFrame(() => done((performance.now() - began) / 1000)) : requestAnimationFrame(look);
  look();
})"""
"""Seconds from the key to the frame after the next pair's lines."""
NAMES = "(({ query, gallery }) => [query, gallery])(pairx.explore.row(pairx.explore.chosen))"
SHOWN = """() => {
  const panel = document.querySelector('.px-pairpanel');
  const photos = [...panel.querySelectorAll('.px-photo')];
  return panel.dataset.number === String(pairx.explore.chosen) && !panel.classList.contains('px-stale')
    && photos.slice(0, 2).every((photo) => photo.complete && photo.naturalWidth > 0);
}"""
"""Whether photographs and scores of the chosen pair are there."""


def write_run(folder: Path, pairs: int) -> None:
    """A finished run: scores of the sample's run with noise, photographs of the herd under many names."""
    known = open_run(SAMPLE_RUN)
    layer, rng = known.layers[0], np.random.default_rng(0)
    rows = pd.read_parquet(SAMPLE_RUN / "pairs.parquet").query("layer == @layer")
    table = rows.sample(pairs, replace=True, random_state=0, ignore_index=True)
    noisy = ["cosine", *known.metrics]
    table[noisy] *= rng.normal(1, 0.1, (pairs, len(noisy)))
    copies = table.groupby(["query_id", "gallery_id"]).cumcount()
    table["query_id"] += "-" + copies.astype(str)
    herd = load_herd().table.drop(columns="twin")
    named = [herd, *(herd.assign(image_id=herd["image_id"] + f"-{i}") for i in range(copies.max() + 1))]
    folder.mkdir(parents=True)
    table.to_parquet(folder / "pairs.parquet", index=False)
    pd.concat(named, ignore_index=True).to_parquet(folder / "photographs.parquet", index=False)
    settings = {**known.settings, "dataset": NAME, "pairs": pairs, "layers": [layer]}
    counts = {"pairs": pairs, "correct": int(table["correct"].sum()), "incorrect": int((~table["correct"]).sum())}
    summary = {**known.summary, **counts, "layers": {layer: {}}}  # the app finds what a summary does not have
    for name, values in (("settings.json", settings), ("summary.json", summary)):
        (folder / name).write_text(json.dumps(values))


def browse(address: str, clicks: int) -> tuple[dict[str, list[float]], list[tuple[str, str]], set[str]]:
    """Seconds of everything that a person waits for, the pairs that were clicked, the hosts that were asked."""
    seconds: dict[str, list[float]] = {name: [] for name in ("plot drawn", "view", "pair", "PAIR-X", *LOOKS)}
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(ARGS))
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(180_000)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        page.wait_for_selector(".px-viewer.px-ready")
        page.get_by_role("tab", name="Explore").click()
        page.wait_for_selector(".px-pairpanel[data-explained]")
        began = time.perf_counter()
        page.locator(".px-run-open", has_text=NAME).click()
        page.wait_for_function(f"pairx.explore.scene.run === '{NAME}'")
        seconds["plot drawn"].append(time.perf_counter() - began)
        settle(page)
        pairs = []
        for number in page.evaluate(SPREAD, clicks):
            x, y = page.evaluate(PLACE, number)
            page.mouse.move(x, y)
            page.wait_for_timeout(300)  # a person's hand rests on the point before it clicks
            before = page.evaluate("pairx.explore.ticket")
            began = time.perf_counter()
            page.mouse.click(x, y)
            page.wait_for_function(f"pairx.explore.ticket > {before}")
            page.wait_for_function(SHOWN)
            seconds["pair"].append(time.perf_counter() - began)
            settle(page)
            seconds["PAIR-X"].append(time.perf_counter() - began)
            pairs.append(page.evaluate(NAMES))
        for view in ("plausible", "implausible", "sure", "all"):
            began = time.perf_counter()
            page.click(f".px-chips [data-view={view}]")
            page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            seconds["view"].append(time.perf_counter() - began)
        page.click(".px-chips [data-view=all]")
        page.evaluate("pairx.explore.choose(pairx.explore.listed[0])")
        settle(page)
        for name, pause in LOOKS.items():
            for _ in range(STEPS):
                page.wait_for_timeout(1000 * pause)
                seconds[name].append(page.evaluate(STEP))
        browser.close()
    return seconds, pairs, {urlparse(url).hostname for url in asked if url.startswith(("http", "ws"))}


def settle(page: Page) -> None:
    """Until the chosen pair is explained."""
    page.wait_for_function("document.querySelector('.px-pairpanel').dataset.explained === String(pairx.explore.chosen)")


def alone(pairs: list[tuple[str, str]]) -> list[float]:
    """Seconds of the same explanations, decoding included, without app and browser."""
    model, herd = pairx.load_model("reid-lite0"), load_herd()
    layer, seconds = open_run(SAMPLE_RUN).summary["best_layer"], []
    for query, gallery in pairs:
        began = time.perf_counter()
        pair = pairx.load_pair(herd.path("-".join(query.split("-")[:2])), herd.path(gallery))
        pairx.explain(model, pair, layer=layer, k_colors=10)
        seconds.append(time.perf_counter() - began)
    return seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--clicks", type=int, default=12)
    arguments = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="pairx-") as folder:
        write_run(Path(folder) / NAME, arguments.pairs)
        process = serve(port, PAIRX_RUNS=folder)
        try:
            seconds, pairs, hosts = browse(f"http://127.0.0.1:{port}/", arguments.clicks)
        finally:
            process.terminate()
            process.wait(30)
    seconds["PAIR-X, no browser"] = alone(pairs)
    print(f"{arguments.pairs} points, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{'seconds to':<22}{'times':>6}{'median':>8}{'p95':>8}{'worst':>8}")
    for name, values in seconds.items():
        p95 = float(np.quantile(values, 0.95))
        print(f"{name:<22}{len(values):>6}{statistics.median(values):>8.2f}{p95:>8.2f}{max(values):>8.2f}")
    print(f"hosts asked: {', '.join(sorted(hosts))}")


if __name__ == "__main__":
    main()
