"""The command `judge DATASET -o FOLDER`: which methods can be trusted, on this model and these photographs."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pairx.commands.dataset import add_dataset, load
from pairx.commands.shared import add_model, print_json, with_progress

if TYPE_CHECKING:
    from pairx.judging.results import Cell, Results

FOLDER = Path("judgements")
"""Where judgements lie that no folder is given for."""


def add_judge(command: argparse.ArgumentParser) -> None:
    """The options of `judge`."""
    add_dataset(command)
    add_model(command)
    command.add_argument(
        "--methods", nargs="+", default=[], metavar="NAME", help="see `methods` (default: all that are not slow)"
    )
    command.add_argument(
        "--criteria", nargs="+", default=[], metavar="NAME", help="some of the criteria (default: all that can be)"
    )
    command.add_argument(
        "--pairs", type=int, default=8, help="of one animal, and as many of twins, at most (default: %(default)s)"
    )
    command.add_argument(
        "--reference", default="pair-x", metavar="NAME", help="method to compare with (default: %(default)s)"
    )
    command.add_argument("--seed", type=int, default=0, help="which pairs are drawn (default: %(default)s)")
    command.add_argument(
        "--whole-photographs",
        action="store_true",
        help="show all of each photograph, and take its box for where the animal is",
    )
    command.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        help=f"folder of the judgement, which is continued (default: {FOLDER}/DATASET-MODEL)",
    )


def judge(arguments: argparse.Namespace) -> None:
    """Run `judge` and print the tables."""
    from pairx.judging.contenders import contender
    from pairx.judging.criteria import chosen
    from pairx.judging.run import judge_steps

    chosen(arguments.criteria)
    for name in (*arguments.methods, arguments.reference):
        contender(name)
    dataset, model = load(arguments)
    out = arguments.output or FOLDER / f"{_plain(dataset.name)}-{_plain(model.name)}"
    options = {
        name: getattr(arguments, name) for name in ("criteria", "pairs", "reference", "seed", "whole_photographs")
    }
    found = with_progress(judge_steps(dataset, model, arguments.methods, out=out, **options))
    if arguments.json:
        rows = json.loads(found.table.to_json(orient="records"))
        print_json({"folder": str(found.folder), **found.about, "table": rows})
    else:
        print("\n".join(report(found.results)))
        print(f"{found.folder}: table.csv, scores.parquet, results.json, judgement.json")


def report(results: Results) -> list[str]:
    """The lines that are printed: a table a group of criteria, means with intervals, a row a method and control."""
    from pairx.judging.criteria import CRITERIA

    settings, criteria = results.settings, [CRITERIA[name] for name in results.criteria]
    letters = {name: name[0] for name in dict.fromkeys(name for one in criteria for name in one.beats)}
    lines = [f"{settings['dataset']}: {settings['photographs']} photographs, {settings['model']}, {settings['layer']}"]
    for group in dict.fromkeys(one.group for one in criteria):
        shown = [one for one in criteria if one.group == group]
        rows = [[group, *(f"{one.title} {'↑' if one.higher else '↓'}" for one in shown)]]
        for name in (*results.methods, *results.controls):
            cells = [results.cell(name, one.name) for one in shown]
            if any(cells):
                rows.append([name, *("-" if one is None else _said(one, letters) for one in cells)])
        lines += ["", *_aligned(rows)]
    controls = ", ".join(f"{letter} {name}" for name, letter in letters.items())
    lines += ["", "Mean [95 % interval over individuals]. ↑ more is better, ↓ less is better."]
    return [*lines, f"Letters: no better than this control ({controls}).", *results.notes]


def _said(cell: Cell, letters: dict[str, str]) -> str:
    bounds = "" if math.isnan(cell.low) else f" [{_short(cell.low)} {_short(cell.high)}]"
    known = "".join(letter for name, letter in letters.items() if name in cell.flagged)
    return f"{_short(cell.mean)}{bounds} {known}".rstrip()


def _short(number: float) -> str:
    return f"{number:.2f}" if abs(number) < 10 else f"{number:.0f}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _plain(name: str) -> str:
    """A name that may be a folder's."""
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name).strip(".") or "unnamed"
