"""Keeps what a benchmark found in `benchmarks/results`, with the day, the machine, the versions and the commit.

A ratio compares two things measured in one command on one machine, the larger the better; seconds alone would say more
of the machine and of its other work than of the code. A cost is one point of what something takes at a size.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PACKAGES = ("numpy", "torch", "timm", "opencv-python-headless", "faiss-cpu", "zennit", "kornia")


@dataclass(frozen=True)
class Cost:
    """What something takes. of: what is done. by: what its size counts. seconds: of one processor. memory: GiB."""

    of: str
    by: str
    size: float
    seconds: float
    memory: float | None = None


def add_record(parser: argparse.ArgumentParser) -> None:
    """The option of a benchmark whose findings can be kept."""
    parser.add_argument("--record", action="store_true", help="keep what is found in benchmarks/results")


def keep(
    benchmark: str,
    arguments: argparse.Namespace,
    ratios: Mapping[str, float],
    costs: Sequence[Cost] = (),
    device: str = "",
    **more: Any,
) -> None:
    """Write the findings of today where they were asked for, in the place of the same benchmark's of today. device: a
    GPU's name. more: what else is to be kept, JSON-ready."""
    if not arguments.record:
        return
    options = {name: value for name, value in vars(arguments).items() if name != "record"}
    if options.get("against"):
        options["against"] = commit(options["against"])
    about = {"benchmark": benchmark, "date": date.today().isoformat(), "commit": commit(), "machine": machine(device)}
    load = {"load": round(os.getloadavg()[0], 1)} if hasattr(os, "getloadavg") else {}
    found = {
        "ratios": {name: round(value, 4) for name, value in ratios.items()},
        "costs": [asdict(one) for one in costs],
    }
    path = RESULTS / f"{about['date']}-{benchmark}.json"
    text = json.dumps(
        {**about, **load, "versions": versions(), "arguments": options, **found, **more}, indent=1, default=str
    )
    path.write_text(text + "\n", encoding="utf-8")
    print(f"\n{path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")


def machine(device: str = "") -> dict[str, Any]:
    """What tells one machine from another."""
    names = [line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")]
    memory = round(psutil.virtual_memory().total / 2**30)
    known = {"processor": names[0] if names else platform.processor(), "cores": os.cpu_count(), "memory": memory}
    return known | ({"device": device} if device else {})


def versions() -> dict[str, str]:
    """Of Python and of what the numbers depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def commit(checkout: Path = ROOT) -> str:
    """The commit that is measured, with a + where files differ from it; empty where nobody knows."""
    try:
        run = {"cwd": checkout, "capture_output": True, "text": True, "check": True}
        found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], **run).stdout.strip()
        changed = subprocess.run(
            ["git", "status", "--porcelain", "-uno", "--", "pairx", "benchmarks/*.py"], **run
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
    return found + ("+" if changed else "")


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
