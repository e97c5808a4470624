"""The command `region QUERY DATASET --box X Y W H`: photographs in the order of a part of one."""

from __future__ import annotations

import argparse

from pairx.commands.dataset import add_dataset, load
from pairx.commands.shared import add_model, print_json, print_rows, with_progress


def add_region(command: argparse.ArgumentParser) -> None:
    """The options of `region`."""
    command.add_argument("query", metavar="QUERY", help="a photograph, or the image_id of one of the data set")
    add_dataset(command)
    add_model(command)
    command.add_argument(
        "--box",
        type=float,
        nargs=4,
        required=True,
        metavar=("X", "Y", "W", "H"),
        help="the part of the query to look for, pixels or fractions",
    )
    command.add_argument("--top-k", type=int, default=20, metavar="N", help="how many to list (default: %(default)s)")


def region(arguments: argparse.Namespace) -> None:
    """Run `region` and print the list."""
    from pairx.evaluation.regions import rank_region_steps

    dataset, model = load(arguments, unknown=True)
    found = with_progress(rank_region_steps(dataset, model, arguments.query, arguments.box, arguments.top_k))
    rows = found.table.to_dict("records")
    if arguments.json:
        return print_json({"layer": found.layer, "note": found.note, "candidates": rows})
    shown = [row | {name: f"{row[name]:.3f}" for name in ("region", "cosine")} for row in rows]
    print_rows(shown, ("image_id", "identity", "region", "cosine", "rank"), False)
    print(found.note or "region: what the box adds to the cosine. rank: by the cosine of the whole photographs.")
