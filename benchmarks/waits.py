"""How long people wait: a cold command, the app's first picture, a comparison, MiewID's architecture, an evaluation.

    python -m benchmarks.waits [--rows command,app] [--repeats 3] [--against OTHER_CHECKOUT] [--record]

One table as it is measured: medians of seconds by the clock and of the processor, and GiB at the peak. --against:
another checkout of this repository, as `git worktree add /tmp/before 6928b6e` makes one. Every row is measured there,
too, by the same code and in the same run; the last column says how many times less processor time ours takes. What the
other checkout cannot do is said in its place.

Commands start in a new process each time. Of the app the seconds are a person's, from its start or from opening its
page in Chromium, and the processor time and the memory are the server's. All else is measured in one process of its
own, once before it counts. MiewID's architecture has random weights at 440 px, as in `benchmarks.engine`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.record import add_record, keep
from benchmarks.start import ROOT, Took, commands, timed

HERD = [ROOT / "pairx" / "assets" / "herd" / f"amara-{number}.jpg" for number in (1, 2)]
PAIRS = 100  # of an evaluation
FIRST = (
    "app, from its start to the first byte of its page", "app, from opening the page to the first picture",
    "app, from opening the page to the answer to the first click",
)  # fmt: skip
ARGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
RUN = "import sys, pairx; sys.path.insert(0, {root!r}); from benchmarks import waits; waits.measure(*sys.argv[1:])"
"""pairx comes from the checkout that PYTHONPATH names, and what measures it from this one."""
Found = dict[str, list[Took]]
"""By row, what each repeat took."""


def of_commands(checkout: Path, repeats: int, folder: Path) -> Found:
    """Cold commands."""
    asked = commands(folder)
    return {
        title: [timed(asked[title], checkout, folder) for _ in range(repeats)]
        for title in ("pairx --help", "pairx explain, PNG")
    }


def of_app(checkout: Path, repeats: int, folder: Path) -> Found:
    """The app's start and a visitor's first seconds. Without Chromium only the start."""
    found: Found = {}
    for _ in range(repeats):
        for row, took in zip(FIRST, _visit(checkout), strict=False):
            found.setdefault(row, []).append(took)
    return found


def _visit(checkout: Path) -> Iterator[Took]:
    """What each of FIRST took of one server."""
    from benchmarks.compare import used
    from benchmarks.load import Peak
    from benchmarks.memory import free_port, serve

    port, started = free_port(), time.monotonic()
    process = serve(port, checkout)
    peak, address = Peak(psutil.Process(process.pid)), f"http://127.0.0.1:{port}/"
    try:
        threading.Thread(target=peak.watch, daemon=True).start()
        httpx.get(address, timeout=60, trust_env=False).raise_for_status()
        taken, seconds = used(peak.process), time.monotonic() - started
        time.sleep(0.6)  # the peak is looked at twice a second
        yield Took(taken, seconds, peak.most)
        if (path := shutil.which("chromium")) is None:
            return
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=list(ARGS))
            for see in (_picture, _click):
                page, before, started = browser.new_page(), used(peak.process), time.monotonic()
                page.set_default_timeout(120_000)
                page.goto(address, wait_until="commit")
                see(page)
                yield Took(used(peak.process) - before, time.monotonic() - started, peak.most)
                page.close()
            browser.close()
    finally:
        process.terminate()
        process.wait(30)


def _picture(page: Any) -> None:
    page.wait_for_selector(".px-ready")


def _click(page: Any) -> None:
    page.get_by_role("tab", name="Compare").click()
    page.wait_for_selector("[role=tab][aria-selected=true]:has-text('Compare')")


def in_process(task: str) -> Callable[[Path, int, Path], Found]:
    """A task of TASKS in a process of its own, by the checkout's pairx."""

    def measured(checkout: Path, repeats: int, folder: Path) -> Found:
        command = [sys.executable, "-c", RUN.format(root=str(ROOT)), task, str(repeats)]
        environment = {**os.environ, "PYTHONPATH": str(checkout)}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError((done.stderr.strip().splitlines() or ["it failed"])[-1])
        rows = json.loads(done.stdout.splitlines()[-1])
        return {row: [Took(*one) for one in taken] for row, taken in rows.items()}

    return measured


def measure(task: str, repeats: str) -> None:
    """Print what a task found, as JSON."""
    found: Found = {}
    for row, work in TASKS[task]():
        found[row] = [_took(work) for _ in range(int(repeats) + 1)][1:]
    print(json.dumps({row: [astuple(one) for one in taken] for row, taken in found.items()}))


def _took(work: Callable[[], object]) -> Took:
    from benchmarks.engine import peak, reset_peak

    reset_peak("cpu")
    processor, seconds = time.process_time(), time.perf_counter()
    work()
    return Took(time.process_time() - processor, time.perf_counter() - seconds, peak("cpu"))


def _compare() -> Iterator[tuple[str, Callable[[], object]]]:
    import pairx

    model, pair = pairx.load_model("reid-lite0"), pairx.load_pair(*map(str, HERD))
    fast = [card.name for card in pairx.list_methods() if not card.slow]
    yield f"compare, {len(fast)} fast methods", lambda: pairx.compare(model, pair, fast)


def _miewid() -> Iterator[tuple[str, Callable[[], object]]]:
    import pairx
    from benchmarks import engine

    job, paths = engine.Job(engine.MIEWID, "exact", 1, "cpu"), engine.photographs()
    model, pair = engine.load(job, paths), pairx.load_pair(paths[0], paths[0], box1=engine.INNER)
    yield "MiewID, explanation", lambda: pairx.explain(model, pair, k_colors=engine.COLORS)
    yield "MiewID, scores", lambda: pairx.explain(model, pair, k_colors=0)
    yield f"MiewID, {engine.CANDIDATES} candidates", lambda: engine.rank(model, paths, pairx.explain, job)


def _evaluate() -> Iterator[tuple[str, Callable[[], object]]]:
    import pairx

    model = pairx.load_model("reid-lite0")

    def run() -> None:
        with tempfile.TemporaryDirectory() as name:
            pairx.evaluate("sample", model, out=Path(name) / "run", pairs=PAIRS, cache=Path(name) / "cache")

    yield f"evaluate, {PAIRS} pairs", run


TASKS = {"compare": _compare, "miewid": _miewid, "evaluate": _evaluate}
ROWS = {"command": of_commands, "app": of_app} | {task: in_process(task) for task in TASKS}


def cells(taken: Sequence[Took]) -> tuple[Took, str]:
    """The medians, and as the table's cells."""
    middle = Took(*(statistics.median(column) for column in zip(*map(astuple, taken), strict=True)))
    return middle, f"{middle.seconds:.2f} | {middle.processor:.2f} | {middle.peak:.2f}"


def table(found: Found, other: Found | str | None) -> tuple[list[str], dict[str, float]]:
    """Lines of the table, and the ratios of the rows that both have. other: of the other checkout, or why not."""
    lines, ratios = [], {}
    others = list(other.items()) if isinstance(other, dict) else []
    for place, (row, taken) in enumerate(found.items()):
        ours, line = cells(taken)
        line = f"| {row} | {line} |"
        if place < len(others):
            title, theirs = others[place][0], cells(others[place][1])
            ratios[f"{row}, before / after"] = theirs[0].processor / ours.processor
            said = "" if title == row else f" ({title.partition(', ')[2]})"
            line += f" {theirs[1]}{said} | {theirs[0].processor / ours.processor:.2f} x |"
        elif other is not None:
            line += f" cannot: {other if isinstance(other, str) else 'it has no such row'} | | | |"
        lines.append(line)
    return lines, ratios


def measured(rows: str, checkout: Path, repeats: int) -> Found | str:
    """What some rows take in a checkout, or why they cannot be measured there."""
    try:
        with tempfile.TemporaryDirectory() as name:
            return ROWS[rows](checkout, repeats, Path(name))
    except Exception as error:  # whatever an older checkout cannot do
        return (str(error).splitlines() or [type(error).__name__])[0][:100]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default=",".join(ROWS), help="which, with commas between (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="of which the median counts (default: %(default)s)")
    parser.add_argument("--against", type=Path, metavar="CHECKOUT")
    add_record(parser)
    arguments = parser.parse_args()
    other = arguments.against.resolve() if arguments.against else None
    head = [
        "what",
        "s",
        "processor s",
        "peak GiB",
        *(["there, s", "processor s", "peak GiB", "less by"] if other else []),
    ]
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}", flush=True)
    kept: dict[str, float] = {}
    for rows in arguments.rows.split(","):
        ours = measured(rows, ROOT, arguments.repeats)
        if isinstance(ours, str):
            print(f"| {rows} | cannot: {ours} |", flush=True)
            continue
        lines, ratios = table(ours, measured(rows, other, arguments.repeats) if other else None)
        print(*lines, sep="\n", flush=True)
        kept |= ratios
    keep("waits", arguments, kept)


if __name__ == "__main__":
    main()
