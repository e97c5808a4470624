"""What a comparison of all fast methods costs, in the methods and in the app, and what else the app then holds.

    python -m benchmarks.compare [--pairs 1] [--comparisons 10] [--methods fast] [--record]

One process explains pairs of the sample herd and, where PAIRX_DATA names their folder, of nyala, and makes the panels
of them, in one thread, each pair once before it is measured. Printed are processor seconds of each method, alone and
with all, of its panel, and KiB of that; beside them the same in forwards of both photographs.

Then it serves `app.py` and compares as the page does, each time another pair: seconds, resident memory after each
comparison and its peak. Last it sends two comparisons at once, and prints how many times as long each takes as alone,
which beside other programs on the same cores says little, and how many processor seconds both took.
"""

from __future__ import annotations

import argparse
import itertools
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import psutil
import torch

import pairx
from benchmarks.load import Pair, Peak, User, pairs
from benchmarks.memory import free_port, resident, serve
from benchmarks.methods import Case, herd_cases, nyala_cases
from benchmarks.record import add_record, keep
from pairx import methods
from pairx.baselines import encode_pair
from pairx.models import EmbeddingModel
from pairx.types import Step
from pairx.ui.compare.panels import panel_scene

MODEL = "reid-lite0"
BOTH = ("Photograph A", "Photograph B")


def processor(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds of some work, and what it gives."""
    started = time.process_time()
    found = work()
    return time.process_time() - started, found


def together(model: EmbeddingModel, case: Case, names: Sequence[str]) -> Iterator[tuple[str, float, float, float]]:
    """Of each method of one comparison: its name, processor seconds, those of its panel, and the panel's KiB."""
    started = time.process_time()
    for found in methods.compare_each(model, case.pair, names):
        if isinstance(found, Step):
            continue
        took = time.process_time() - started
        card = methods.card_of(found.method)
        drawing, packed = processor(lambda found=found, card=card: json.dumps(panel_scene(found, case.pair, card)))
        yield found.method, took, drawing, len(packed) / 2**10
        started = time.process_time()


def costs(cases: Sequence[Case], names: Sequence[str]) -> dict[str, float]:
    """Print what each method costs, and return the ratios that are kept."""
    torch.set_num_threads(1)
    model, rows, forwards = pairx.load_model(MODEL), [], []
    for case in cases:
        list(together(model, case, names))
        forwards.append(processor(lambda case=case: encode_pair(model, case.pair, model.default_layer))[0])
        alone = [processor(lambda case=case, name=name: pairx.compare(model, case.pair, [name]))[0] for name in names]
        rows.append([(own, *costs) for own, (_, *costs) in zip(alone, together(model, case, names), strict=True)])
    mean, forward = np.mean(rows, axis=0), float(np.mean(forwards))
    print(f"{len(cases)} pairs, processor seconds; forwards of both photographs of {forward:.3f} s")
    print(f"{'':<24} {'alone':>8} {'with all':>9} {'forwards':>9} {'panel':>7} {'KiB':>6}")
    for name, (alone, shared, panel, size) in [*zip(names, mean, strict=True), ("all", mean.sum(axis=0))]:
        print(f"{name:<24} {alone:8.3f} {shared:9.3f} {shared / forward:9.1f} {panel:7.3f} {size:6.0f}")
    alone, shared, panel, _ = mean.sum(axis=0)
    return {
        "one by one / all methods with what they share": float(alone / shared),
        "forward of both photographs / comparison of all fast methods": float(forward / (shared + panel)),
    }


class Comparer(User):
    """Does what the page does when Compare is pressed."""

    def __init__(self, address: str, names: Sequence[str]) -> None:
        super().__init__(address)
        config = httpx.get(f"{address}/config", timeout=60, trust_env=False).json()
        self.names = [*names]
        self.parts = {one["id"]: one for one in config["components"]}
        events = config["dependencies"]
        runs = [one for one in events if str(one["api_name"]).startswith("run")]
        self.run = max(runs, key=lambda one: len(one["inputs"]))  # Explain asks for no background
        self.go = next(
            one["id"]
            for one in events
            if any(event == "go" for _, event in one["targets"]) and {*one["outputs"]} & {*self.run["inputs"]}
        )

    def compare(self, pair: Pair) -> float:
        """Seconds of a comparison, until the last of its panels is fetched."""
        photographs = dict(zip(BOTH, map(self.upload, pair.images), strict=True))
        parts = [self.parts[id]["props"] for id in self.run["inputs"]]
        given = [photographs.get(part.get("label"), part.get("value")) for part in parts]
        session = uuid.uuid4().hex[:10]
        started = time.monotonic()
        asked = {"axis": "methods", "choices": self.names, "methods": []}
        self.send(session, self.go, [], asked)
        found = [said for said in self.send(session, self.run["id"], given) if said["msg"] == "process_completed"]
        board = found[-1]["output"]["data"][0] if found else {}
        files = [panel["file"]["path"] for panel in board.get("panels", []) if panel["file"]]
        if len(files) != len(self.names):
            raise RuntimeError(f"{len(files)} of {len(self.names)} panels came")
        for file in files:
            self.http.get(f"/file={file}").raise_for_status()
        return time.monotonic() - started

    def send(self, session: str, event: int, given: list[Any], data: Any = None) -> list[dict[str, Any]]:
        """All that is said of an event until it ends."""
        asked = {"data": given, "fn_index": event, "session_hash": session, "event_data": data}
        self.http.post("/queue/join", json=asked).raise_for_status()
        return [*self.messages("/queue/data", session_hash=session)]


def used(process: psutil.Process) -> float:
    """Processor seconds that a process has taken so far."""
    times = process.cpu_times()
    return times.user + times.system


def served(names: Sequence[str], comparisons: int) -> dict[str, float]:
    """Print what comparisons take of a served app, and return the ratios that are kept."""
    port, photographs = free_port(), pairs()
    process = serve(port)
    try:
        users = [Comparer(f"http://127.0.0.1:{port}", names) for _ in range(2)]
        peak = Peak(psutil.Process(process.pid))
        threading.Thread(target=peak.watch, daemon=True).start()
        held, alone = [resident(peak.process)], []
        print(f"\n{len(names)} methods in the app: {held[0]:.2f} GiB before the first comparison")
        for number, pair in enumerate(itertools.islice(photographs, comparisons), 1):
            before = used(peak.process)
            alone.append(users[0].compare(pair))
            held.append(resident(peak.process))
            own = used(peak.process) - before
            print(
                f"comparison {number:3}: {alone[-1]:5.1f} s, processor {own:5.1f} s, then {held[-1]:.2f} GiB",
                flush=True,
            )
        print(f"peak {peak.most:.2f} GiB")
        before = used(peak.process)
        with ThreadPoolExecutor(2) as pool:
            both = [*pool.map(lambda one: one[0].compare(one[1]), zip(users, photographs, strict=False))]
        usual = float(np.median(alone[1:]))
        told = " and ".join(f"{one:.1f} s, {one / usual:.2f} times as long as alone" for one in sorted(both))
        print(f"two at once: {told}; processor {used(peak.process) - before:.1f} s, peak {peak.most:.2f} GiB")
    finally:
        process.terminate()
        process.wait(30)
    return {
        "memory after the first / after the last comparison": held[1] / held[-1],
        "a comparison alone / the later of two at once": usual / max(both),
    }


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=1, help="of each data set (default: %(default)s)")
    parser.add_argument("--comparisons", type=int, default=10)
    parser.add_argument("--methods", default="fast", help="fast, or names separated by commas")
    add_record(parser)
    arguments = parser.parse_args()
    fast = [name for name, card in methods.cards().items() if not card.slow]
    names = fast if arguments.methods == "fast" else arguments.methods.split(",")
    cases = [*herd_cases(arguments.pairs), *nyala_cases(arguments.pairs)]
    kept = costs(cases, names) | served(names, arguments.comparisons)
    keep("compare", arguments, kept)


if __name__ == "__main__":
    main()
