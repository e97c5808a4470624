"""`explain` and `compare` over a list: `--pairs LIST.csv -o FOLDER`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairx.commands.dataset import DATASET, add_features, add_ray
from pairx.commands.shared import chosen_model, print_json, with_progress
from pairx.types import InputError

if TYPE_CHECKING:
    from pairx.pairs import ExplainedPairs

_OF_ONE = ("a", "b", "box0", "box1", "theta0", "theta1", "mirrored0", "mirrored1", "aligned")


def add_list(command: argparse.ArgumentParser, formats: Sequence[str]) -> None:
    """The options of a list. formats: endings of what is written of each pair."""
    group = command.add_argument_group(
        "many pairs", "a figure a pair and one table, pairs.csv; started again, it goes on"
    )
    group.add_argument(
        "--pairs", type=Path, metavar="LIST", help="CSV with query_id and candidate_id, in place of A and B"
    )
    group.add_argument(
        "--dataset",
        metavar="DATASET",
        help=f"whose ids these are: {DATASET} (default: they are paths from the list's folder)",
    )
    endings = [ending.removeprefix(".") for ending in formats]
    group.add_argument(
        "--figures", choices=(*endings, "none"), default="png", help="of each pair (default: %(default)s)"
    )
    add_features(group)
    add_ray(group)


def of_list(arguments: argparse.Namespace) -> bool:
    """Whether a list is given, and not one pair. Raises InputError for both, or neither."""
    if arguments.pairs is None:
        if arguments.a is None or arguments.b is None:
            raise InputError(
                "Give two photographs, or a list of pairs by --pairs. "
                f"`python -m pairx {arguments.command} --help` shows what it takes."
            )
        return False
    if given := [name for name in _OF_ONE if getattr(arguments, name, None)]:
        raise InputError(f"{given[0] if len(given[0]) == 1 else f'--{given[0]}'} is of one pair, and --pairs of many.")
    return True


def explain_list(
    arguments: argparse.Namespace, methods: Sequence[str], layer: str | None, options: Mapping[str, Any], **drawn: Any
) -> None:
    """Explain every pair of a list, and say what came out. Raises InputError at the end where some could not be."""
    from pairx.pairs import explain_pairs_steps

    model = chosen_model(arguments, "cpu" if arguments.ray else None)
    chosen = {name: getattr(arguments, name) for name in ("dataset", "figures", "features", "ray")}
    steps = explain_pairs_steps(
        arguments.pairs, model, out=arguments.output, methods=methods, layer=layer, **chosen, **drawn, **options
    )
    found = with_progress(steps)
    for one in found.problems:
        print(f"pairx: {arguments.pairs}: line {one.line}: {one.words}", file=sys.stderr)
    done = found.table.loc[found.table["method"].notna(), ["query_id", "candidate_id", "warned"]]
    done = done.drop_duplicates(["query_id", "candidate_id"])
    _report(found, len(done), int((done["warned"] != "").sum()), arguments.json)
    if found.problems:
        raise InputError(
            f"{len(found.problems)} of {len(done) + len(found.problems)} pairs could not be explained, see above; the "
            "others are done. Correct these rows and start it again."
        )


def _report(found: ExplainedPairs, done: int, warned: int, as_json: bool) -> None:
    if as_json:
        told = {"folder": str(found.folder), "pairs": done, "warned": warned, "repeated": found.repeated}
        return print_json(told | {"problems": [one._asdict() for one in found.problems]})
    print(f"{found.folder}: {done} pairs, {warned} of them with warnings; pairs.csv has a row for each")
    if found.repeated:
        print(f"{found.repeated} rows name a pair again, which is there once")
