"""How long many people wait for one server, whether each gets their own result, and how much memory it takes.

    python -m benchmarks.load [--users 16] [--requests 64] [--after 100]

Serves `app.py`. Half of the users ask as the page does, by its events; half as programs, by its endpoint. Together they
send all requests at once, each of a pair of its own (pairs of the sample herd, moved by some pixels), and afterwards
one after another as many explanations as --after says. Prints waiting times, resident memory before, after and at its
peak, and how far each similarity lies from the one computed alone, beside how far apart different pairs' lie.
"""

from __future__ import annotations

import argparse
import inspect
import io
import itertools
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import psutil
from PIL import Image

import pairx
from benchmarks.memory import free_port, resident, serve
from pairx import images
from pairx.datasets import load_herd
from pairx.ui.api import ExplainApi

MODEL = "reid-lite0"
SAME = 1e-4  # cosines of the same pair differ by less
WELLS = {"Photograph A", "Photograph B"}
PATIENCE = 3600  # seconds


@dataclass(frozen=True)
class Pair:
    """Two images (h, w, 3), uint8."""

    images: tuple[np.ndarray, np.ndarray]


def pairs() -> Iterator[Pair]:
    """Ever other pairs: photographs of the herd, without some rows and columns of their edges."""
    photographs = [images.load_image(path)[0] for path in load_herd().table["path"]]
    for cut in itertools.count(1):
        for one, other in itertools.combinations(photographs, 2):
            yield Pair((np.ascontiguousarray(one[cut:]), np.ascontiguousarray(other[:, cut:])))


def alone(given: list[Pair]) -> np.ndarray:
    """Cosines of pairs, (N,), by the model itself."""
    model = pairx.load_model(MODEL)
    sides = [model.embed([pair.images[side] for pair in given]) for side in (0, 1)]
    unit = [one / np.linalg.norm(one, axis=1, keepdims=True) for one in sides]
    return (unit[0] * unit[1]).sum(axis=1)


class User:
    """Somebody who asks a running app."""

    def __init__(self, address: str) -> None:
        self.http = httpx.Client(base_url=f"{address}/gradio_api", timeout=PATIENCE, trust_env=False)

    def upload(self, image: np.ndarray) -> dict[str, Any]:
        """The file as the app knows it."""
        file = io.BytesIO()
        Image.fromarray(image).save(file, "PNG")
        (path,) = self.http.post("/upload", files={"files": ("photo.png", file.getvalue(), "image/png")}).json()
        return {"path": path, "orig_name": "photo.png", "meta": {"_type": "gradio.FileData"}}

    def messages(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        """What a stream of the app says."""
        with self.http.stream("GET", path, params=query) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))


class Program(User):
    """Asks the endpoint."""

    def similarity(self, pair: Pair) -> float:
        known = inspect.signature(ExplainApi.explain).parameters.values()
        given = [*map(self.upload, pair.images), *(one.default for one in known if one.default is not one.empty)]
        event = self.http.post("/call/explain", json={"data": given}).json()["event_id"]
        *_, answer = self.messages(f"/call/explain/{event}")
        return find(answer, "similarity")


class Person(User):
    """Does what the page does when Explain is pressed."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        config = httpx.get(f"{address}/config", timeout=60, trust_env=False).json()
        self.parts = {one["id"]: one for one in config["components"]}
        named = [one for one in config["dependencies"] if str(one["api_name"]).split("_")[0] == "run"]
        runs = [one for one in named if "asked" not in one["api_name"] and set(map(self.label, one["inputs"])) >= WELLS]
        self.run = min(runs, key=lambda one: len(one["inputs"]))  # Compare asks for methods beside them

    def label(self, id: int) -> str | None:
        """The name of a component on the page."""
        return self.parts[id]["props"].get("label")

    def similarity(self, pair: Pair) -> float:
        wells = dict(zip(("Photograph A", "Photograph B"), map(self.upload, pair.images), strict=True))
        given = []
        for id in self.run["inputs"]:
            props = self.parts[id]["props"]
            given.append(wells.get(props.get("label"), props.get("value")))
        session = uuid.uuid4().hex[:10]
        asked = {"data": given, "fn_index": self.run["id"], "session_hash": session, "event_data": None}
        self.http.post("/queue/join", json=asked).raise_for_status()
        for said in self.messages("/queue/data", session_hash=session):
            if said["msg"] == "process_completed":
                file = find(said["output"]["data"][0], "path")
                return self.http.get(f"/file={file}").json()["similarity"]
        raise RuntimeError("the page's event did not end")


def find(value: Any, name: str) -> Any:
    """The first value of this name in nested values."""
    if isinstance(value, dict):
        return value[name] if name in value else find(list(value.values()), name)
    found = (find(one, name) for one in value) if isinstance(value, list) else iter(())
    return next((one for one in found if one is not None), None)


@dataclass
class Peak:
    """The most that a process took, GiB."""

    process: psutil.Process
    most: float = 0.0

    def watch(self) -> None:
        """Look twice a second for as long as it runs."""
        while self.process.is_running():
            try:
                self.most = max(self.most, resident(self.process))
            except psutil.Error:
                return
            time.sleep(0.5)


def timed(work: Callable[[Pair], float], pair: Pair) -> tuple[float, float]:
    """Seconds that something took, and what it gave."""
    begun = time.monotonic()
    found = work(pair)
    return time.monotonic() - begun, found


def told(seconds: list[float]) -> str:
    """Median, p95 and the longest."""
    return f"median {np.median(seconds):6.1f} s   p95 {np.percentile(seconds, 95):6.1f} s   max {max(seconds):6.1f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=16)
    parser.add_argument("--requests", type=int, default=64)
    parser.add_argument("--after", type=int, default=100)
    args = parser.parse_args()
    given = list(itertools.islice(pairs(), args.requests + args.after))
    expected = alone(given)
    port = free_port()
    process = serve(port)
    try:
        address = f"http://127.0.0.1:{port}"
        users = [(Person if i % 2 else Program)(address) for i in range(args.users)]
        peak = Peak(psutil.Process(process.pid))
        threading.Thread(target=peak.watch, daemon=True).start()
        before = resident(peak.process)
        print(f"{args.users} users, {args.requests} requests at once, load {psutil.getloadavg()[0]:.1f}")
        with ThreadPoolExecutor(args.requests) as pool:
            burst = [(users[i % len(users)], pair) for i, pair in enumerate(given[: args.requests])]
            found = list(pool.map(lambda one: timed(one[0].similarity, one[1]), burst))
        for kind, words in ((Person, "by page events "), (Program, "by the endpoint")):
            waits = [s for (s, _), (user, _) in zip(found, burst, strict=True) if isinstance(user, kind)]
            print(f"  {words}  {told(waits)}")
        middle = resident(peak.process)
        print(f"{args.after} more, one after another, load {psutil.getloadavg()[0]:.1f}")
        for i, pair in enumerate(given[args.requests :], 1):
            found.append(timed(users[i % len(users)].similarity, pair))
            if i % 10 == 0:
                print(f"  after {i:3d}: {resident(peak.process):.2f} GiB resident")
        print(f"  {told([seconds for seconds, _ in found[args.requests :]])}")
        after = resident(peak.process)
        told_memory = f"before {before:.2f}, after the burst {middle:.2f}, at the end {after:.2f}, peak {peak.most:.2f}"
        print(f"resident, GiB: {told_memory}")
        off = np.abs(np.array([similarity for _, similarity in found]) - expected)
        apart = np.diff(np.sort(expected))
        print(
            f"similarities off their own by at most {off.max():.1e}; different pairs' lie {np.median(apart):.1e} apart"
        )
        print(f"crossed: {int((off > SAME).sum())} of {len(off)}")
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    main()
