"""The command `rank DATASET --query ID`: the photographs most similar to one."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from pairx.commands.dataset import add_dataset, add_ray, load
from pairx.commands.shared import add_model, with_progress
from pairx.types import InputError

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = (".csv", ".json")


def add_rank(command: argparse.ArgumentParser) -> None:
    """The options of `rank`."""
    add_dataset(command)
    add_model(command)
    command.add_argument(
        "--query",
        required=True,
        nargs="+",
        metavar="ID",
        help="photographs to look for: image_ids of the data set, or files",
    )
    command.add_argument("--top-k", type=int, default=20, metavar="N", help="how many to list (default: %(default)s)")
    command.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="look only among photographs with this value, as in orientation=left; again for another column or value",
    )
    command.add_argument(
        "--exclude-encounter", action="store_true", help="leave the query's own encounter out of its gallery"
    )
    command.add_argument(
        "--by",
        choices=("photograph", "individual"),
        default="photograph",
        help="list photographs, or individuals with their best photographs (default: %(default)s)",
    )
    command.add_argument(
        "--rerank", action="store_true", help="list them in the order of all scores fused, and say what each means"
    )
    command.add_argument(
        "--fusion", type=Path, metavar="FILE", help="learned weights to rerank by (default: what comes with the app)"
    )
    command.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the list as .csv or .json")
    add_ray(command)


def rank(arguments: argparse.Namespace) -> None:
    """Run `rank` and print the list, or write it."""
    from pairx.ranking import Fusion, rank_steps

    if arguments.output and arguments.output.suffix not in ENDINGS:
        raise InputError(f"-o {arguments.output}: the list is written as {' or '.join(ENDINGS)}.")
    if arguments.fusion and not arguments.rerank:
        raise InputError("--fusion says how to rerank: add --rerank.")
    where, fusion = _where(arguments.where), Fusion.load(arguments.fusion) if arguments.fusion else None
    dataset, model = load(arguments, unknown=True)
    options = {name: getattr(arguments, name) for name in ("top_k", "exclude_encounter", "by", "rerank", "ray")}
    table = with_progress(rank_steps(dataset, model, arguments.query, where=where, fusion=fusion, **options))
    if arguments.output:
        _write(table, arguments.output)
    elif arguments.json:
        print(json.dumps(_records(table), indent=2))
    else:
        for query, rows in table.groupby("query", sort=False):
            print(*([f"query {query}"] if len(arguments.query) > 1 else []), _printed(rows), sep="\n")


def _where(conditions: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for condition in conditions:
        column, given, value = condition.partition("=")
        if not (column and given):
            raise InputError(f"--where {condition}: give COLUMN=VALUE, as in orientation=left.")
        found.setdefault(column, []).append(value)
    return found


def _printed(table: pd.DataFrame) -> str:
    """The list, and below it what the scores of each say."""
    shown = table.drop(columns=["query", "path", "words"], errors="ignore")
    shown = shown.replace({"correct": {True: "yes", False: ""}})
    lines = [shown.to_string(index=False, float_format="{:.3f}".format, na_rep="-")]
    if "words" in table:
        lines += [f"{row.image_id}: {row.words}" for row in table.itertuples()]
    return "\n".join(lines)


def _records(table: pd.DataFrame) -> list[dict]:
    return json.loads(table.to_json(orient="records"))


def _write(table: pd.DataFrame, path: Path) -> None:
    from pairx.files import whole
    from pairx.sheets import csv_bytes

    with whole(path) as new:
        new.write_bytes(csv_bytes(table) if path.suffix == ".csv" else json.dumps(_records(table), indent=2).encode())
    print(f"{path}: {len(table)} photographs")
