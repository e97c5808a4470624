"""What do the kept findings say: how do ratios change over time, and how do costs grow with size?

    python -m benchmarks.report [--check] [-o performance.svg]

Prints every kept ratio (the larger the better) with the day before it on the same machine with the same options, and
the exponents of seconds and memory against size, fitted on logarithms: 1 grows in proportion, 2 with the square. -o
draws both. --check prints nothing but the ratios that fell by a third or more since the last day on the same machine,
and ends with status 1 where there are any.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.record import RESULTS

FALLEN = 2 / 3  # of a ratio's last value
FEWEST = 3  # sizes that an exponent is fitted to


@dataclass(frozen=True)
class Series:
    """One ratio on one machine with the same options, by days. values: ascending by date."""

    benchmark: str
    ratio: str
    machine: str
    values: tuple[tuple[str, float], ...]

    @property
    def fell(self) -> bool:
        """Whether it is now a third smaller than the time before, or more."""
        return len(self.values) > 1 and self.values[-1][1] <= FALLEN * self.values[-2][1]


@dataclass(frozen=True)
class Growth:
    """How something grows. sizes, seconds: (N,). memory: (N,) GiB, NaN where it was not measured. exponents: of both;
    NaN where they cannot be told."""

    of: str
    by: str
    machine: str
    sizes: np.ndarray
    seconds: np.ndarray
    memory: np.ndarray

    @property
    def exponents(self) -> tuple[float, float]:
        return exponent(self.sizes, self.seconds), exponent(self.sizes, self.memory)


def read(folder: Path = RESULTS) -> list[dict[str, Any]]:
    """All that is kept, the oldest first."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    return sorted(found, key=lambda one: one["date"])


def series(records: Sequence[dict[str, Any]]) -> list[Series]:
    """Every ratio over time."""
    found: defaultdict[tuple[str, ...], list[tuple[str, float]]] = defaultdict(list)
    for one in records:
        options = json.dumps(one["arguments"], sort_keys=True)
        for name, value in one["ratios"].items():
            found[one["benchmark"], name, said(one["machine"]), options].append((one["date"], value))
    return [Series(*key[:3], tuple(values)) for key, values in found.items()]


def growths(records: Sequence[dict[str, Any]]) -> list[Growth]:
    """The costs by size of each machine's last findings."""
    last: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for one in records:
        own: defaultdict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
        for cost in one["costs"]:
            own[cost["of"], cost["by"], said(one["machine"])].append(cost)
        last |= own
    return [Growth(*key, *_columns(costs)) for key, costs in last.items()]


def _columns(costs: list[dict[str, Any]]) -> Iterator[np.ndarray]:
    costs = sorted(costs, key=lambda one: one["size"])
    for name in ("size", "seconds", "memory"):
        yield np.array([one[name] for one in costs], float)


def exponent(sizes: np.ndarray, costs: np.ndarray) -> float:
    """The power of size that a cost follows, by least squares of the logarithms; NaN for fewer than FEWEST points."""
    known = np.isfinite(costs) & (costs > 0) & (sizes > 0)
    if known.sum() < FEWEST:
        return float("nan")
    return float(np.polyfit(np.log(sizes[known]), np.log(costs[known]), 1)[0])


def said(machine: dict[str, Any]) -> str:
    """A machine in words."""
    processor = f"{machine['processor']}, {machine['cores']} cores" if machine.get("processor") else ""
    return ", ".join(filter(None, [machine.get("device", ""), processor]))


def ratio_rows(records: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
    """The cells of the table of ratios."""
    rows = []
    for one in series(records):
        day, value = one.values[-1]
        before = f"{one.values[-2][1]:.2f} on {one.values[-2][0]}" if len(one.values) > 1 else "–"
        rows.append((one.benchmark, one.ratio, f"{value:.2f}", day, before, one.machine))
    return rows


def cost_rows(records: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
    """The cells of the table of costs."""
    rows = []
    for one in growths(records):
        seconds, memory = ("–" if np.isnan(power) else f"{power:.2f}" for power in one.exponents)
        spans = f"{one.sizes[0]:,.0f} to {one.sizes[-1]:,.0f}", f"{one.seconds[0]:.3g} to {one.seconds[-1]:.3g}"
        rows.append((one.of, one.by, *spans, seconds, memory, one.machine))
    return rows


RATIOS = ("Benchmark", "Ratio", "Now", "Day", "Before", "Machine")
COSTS = ("What", "Size counts", "Sizes", "Processor seconds", "Exponent of seconds", "of memory", "Machine")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows))


def draw(records: Sequence[dict[str, Any]], path: Path) -> None:
    """Ratios over time, and seconds against size."""
    import matplotlib

    matplotlib.use("agg")
    matplotlib.rcParams["svg.hashsalt"] = "performance"
    from matplotlib import pyplot
    from matplotlib.dates import DateFormatter

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    for benchmark in dict.fromkeys(one["benchmark"] for one in records):
        own, color = [one for one in series(records) if one.benchmark == benchmark], None
        for one in own:
            known, values = zip(*one.values, strict=True)
            label = benchmark if color is None else None
            (line,) = left.plot([np.datetime64(day) for day in known], values, "o-", color=color, label=label)
            color = line.get_color()
    left.set(title="Ratios over time, the larger the better", yscale="log", ylabel="times")
    days = sorted({np.datetime64(one["date"]) for one in records if one["ratios"]})
    left.set_xticks(days[:: 1 + len(days) // 8])
    left.xaxis.set_major_formatter(DateFormatter("%Y-%m-%d"))
    for one in growths(records):
        power = one.exponents[0]
        name = one.by if np.isnan(power) else f"{one.by}, exponent {power:.2f}"
        right.loglog(one.sizes / one.sizes[0], one.seconds / one.seconds[0], "o-", label=f"{one.of}: {name}")
    right.set(title="Seconds against size", xlabel="times the smallest size", ylabel="times its seconds")
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend(fontsize=6.5, frameon=False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def main() -> int:
    """Print the tables; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only tell what fell by a third")
    parser.add_argument("-o", "--output", type=Path, help="a picture, .svg or .png")
    arguments = parser.parse_args()
    records = read()
    if arguments.check:
        fallen = [one for one in series(records) if one.fell]
        for one in fallen:
            (before, was), (now, value) = one.values[-2:]
            print(
                f"{one.benchmark}: {one.ratio} fell from {was:.2f} on {before} to {value:.2f} on {now}, {one.machine}"
            )
        return 1 if fallen else 0
    print(table(RATIOS, ratio_rows(records)), table(COSTS, cost_rows(records)), sep="\n\n")
    if arguments.output:
        draw(records, arguments.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
