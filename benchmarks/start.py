"""How long a cold command takes, from nothing to its end.

    python -m benchmarks.start [--repeats 5] [--against OTHER_CHECKOUT] [--record]

Runs each command in a process of its own: processor seconds (user and system) and seconds by the clock, the medians,
and the ratio to `python -c "import torch"`, which no explanation can do without. --against: another checkout of this
repository, whose commands run in turn with ours; a last column says how many times less processor time ours takes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import astuple, dataclass
from pathlib import Path

from benchmarks.record import add_record, keep
from pairx.assets import ASSETS

ROOT = Path(__file__).resolve().parents[1]
TORCH = "import torch"


def commands(folder: Path) -> dict[str, list[str]]:
    """What is timed, by its title."""
    one, other = (str(ASSETS / "herd" / f"amara-{number}.jpg") for number in (1, 2))
    explain = ["-m", "pairx", "explain", one, other, "-o"]
    return {
        TORCH: ["-c", TORCH],
        "pairx --help": ["-m", "pairx", "--help"],
        "pairx explain, PNG": [*explain, str(folder / "x.png")],
        "pairx explain, PDF": [*explain, str(folder / "x.pdf")],
        "pairx explain, NPZ only": [*explain, str(folder / "x.npz")],
    }


@dataclass(frozen=True)
class Took:
    """What some work took: processor seconds (user and system), seconds by the clock, GiB of memory at its peak."""

    processor: float
    seconds: float
    peak: float


def timed(command: list[str], checkout: Path, folder: Path) -> Took:
    """What a command of a checkout takes, in a process of its own. Raises CalledProcessError where it fails."""
    environment, began = {**os.environ, "PYTHONPATH": str(checkout)}, time.perf_counter()
    process = subprocess.Popen([sys.executable, *command], cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    unit = 2**30 if sys.platform == "darwin" else 2**20
    return Took(used.ru_utime + used.ru_stime, seconds, used.ru_maxrss / unit)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT")
    add_record(parser)
    arguments = parser.parse_args()
    checkouts = [ROOT, *([arguments.against.resolve()] if arguments.against else [])]
    print(
        "| command | processor s | s | x import torch |" + (" other checkout | less by |" if arguments.against else "")
    )
    with tempfile.TemporaryDirectory() as name:
        torch, kept = 0.0, {}
        for title, command in commands(Path(name)).items():
            runs = [[astuple(timed(command, one, Path(name))) for one in checkouts] for _ in range(arguments.repeats)]
            found = [
                [statistics.median(values) for values in zip(*one, strict=True)] for one in zip(*runs, strict=True)
            ]
            ours = found[0]
            torch = torch or ours[0]
            kept |= {f"{TORCH} / {title}": torch / ours[0]} if title != TORCH else {}
            line = f"| {title} | {ours[0]:.2f} | {ours[1]:.2f} | {ours[0] / torch:.2f} |"
            for other in found[1:]:
                line += f" {other[0]:.2f}, {other[1]:.2f} s | {other[0] / ours[0]:.2f} x |"
            print(line, flush=True)
    keep("start", arguments, kept)


if __name__ == "__main__":
    main()
