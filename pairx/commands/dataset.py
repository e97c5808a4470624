"""The commands about data sets: `evaluate DATASET -o RUN` and `runs RUN …`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from pairx.commands.shared import add_model, chosen_model, with_progress

DATASET = (
    "`sample`, a folder with metadata.csv, a folder of one folder per identity, a CSV, or wildlife:NAME of the package "
    "wildlife-datasets"
)


def add_evaluate(command: argparse.ArgumentParser) -> None:
    """The options of `evaluate`."""
    add_dataset(command)
    add_model(command)
    command.add_argument("-o", "--output", required=True, type=Path, metavar="RUN", help="folder of the run")
    command.add_argument(
        "--layer",
        nargs="+",
        default=[],
        metavar="NAME",
        help="one or several layers, see `layers`, or auto: the best one on 500 pairs of the split --layer-split",
    )
    command.add_argument(
        "--layer-split", default="train", metavar="NAME", help="split that auto chooses on (default: %(default)s)"
    )
    command.add_argument(
        "--pairs",
        type=int,
        default=2000,
        help="half correct, half incorrect, of the top 5 to 20 (default: %(default)s)",
    )
    command.add_argument("--seed", type=int, default=0, help="which pairs are drawn (default: %(default)s)")
    command.add_argument("--query-split", metavar="NAME", help="split that the queries are of (default: all)")
    command.add_argument("--gallery-split", metavar="NAME", help="split that they are looked for in (default: all)")
    command.add_argument(
        "--exclude-encounter", action="store_true", help="leave the query's own encounter out of its gallery"
    )
    add_features(command)
    command.add_argument(
        "--transform", default="affine", help="homography (the paper), affine or similarity (default: %(default)s)"
    )
    add_ray(command)


def add_runs(command: argparse.ArgumentParser) -> None:
    """The options of `runs`."""
    command.add_argument("runs", nargs="+", metavar="RUN", help="folder of a finished run, see `evaluate`")


def evaluate(arguments: argparse.Namespace) -> None:
    """Run `evaluate` and print what came out."""
    from pairx.commands.reports import report
    from pairx.evaluation.layers import choice_sentence, choose_layer_steps
    from pairx.evaluation.lock import require_free
    from pairx.evaluation.run import Run, evaluate_steps
    from pairx.evaluation.store import CHOICE

    require_free(arguments.output)
    dataset, model = load(arguments)
    options = {
        "seed": arguments.seed,
        "exclude_encounter": arguments.exclude_encounter,
        "features": arguments.features,
        "transform": arguments.transform,
        "ray": arguments.ray,
    }
    layers = arguments.layer
    chosen = layers == ["auto"]
    if chosen:
        layers = [with_progress(choose_layer_steps(dataset, model, arguments.output, arguments.layer_split, **options))]
    splits = {"query_split": arguments.query_split, "gallery_split": arguments.gallery_split}
    steps = evaluate_steps(
        dataset, model, out=arguments.output, layers=layers, pairs=arguments.pairs, **splits, **options
    )
    run = with_progress(steps)
    if arguments.json:
        print(json.dumps({"run": str(run.folder), "settings": run.settings, "summary": run.summary}, indent=2))
    else:
        print("\n".join(report(run.summary, run.settings)))
        if chosen:
            print(choice_sentence(Run(arguments.output / CHOICE).summary, arguments.layer_split))
        print(f"{run.folder}: pairs.parquet, summary.json, settings.json, scatter.html")


def runs(arguments: argparse.Namespace) -> None:
    """Run `runs` and print the comparison."""
    from pairx.commands.reports import comparison_report
    from pairx.evaluation.comparing import compare_runs
    from pairx.evaluation.reading import open_run

    found = compare_runs({str(folder): open_run(folder) for folder in map(Path, arguments.runs)})
    if arguments.json:
        tables = {"runs": found.runs, "scores": found.scores, "differing": found.differing.T.rename_axis("run")}
        tables["differing"] = tables["differing"].reset_index()
        print(
            json.dumps({name: json.loads(table.to_json(orient="records")) for name, table in tables.items()}, indent=2)
        )
    else:
        print("\n".join(comparison_report(found)))


def add_features(command: argparse._ActionsContainer) -> None:
    """What the transform of a pair comes from."""
    command.add_argument(
        "--features",
        default="xfeat",
        help="what the transform comes from: xfeat, sift, aliked, disk or a plug-in's (default: %(default)s)",
    )


def add_dataset(command: argparse.ArgumentParser) -> None:
    """Which data set, and how strictly it is read."""
    command.add_argument("dataset", metavar="DATASET", help=DATASET)
    command.add_argument(
        "--skip-problems", action="store_true", help="leave out photographs that are missing or unreadable"
    )
    command.add_argument("--download", action="store_true", help="fetch a wildlife: data set that is not there yet")


def add_ray(command: argparse._ActionsContainer) -> None:
    """Where it is computed."""
    command.add_argument(
        "--ray",
        nargs="?",
        const="local",
        metavar="ADDRESS",
        help="compute on a Ray cluster, or, without an address, on a Ray started here",
    )


def load(arguments: argparse.Namespace, unknown: bool = False) -> tuple[Any, Any]:
    """The data set and the model that a command names; what was guessed and left out is said. unknown: see
    `load_steps`."""
    from pairx.datasets import describe, load_steps

    device = "cpu" if getattr(arguments, "ray", None) else None
    model = chosen_model(arguments, device)
    steps = load_steps(arguments.dataset, arguments.skip_problems, arguments.download, unknown=unknown)
    dataset = with_progress(steps)
    for note in dataset.notes:
        print(f"pairx: {note}", file=sys.stderr)
    if dataset.problems:
        print(f"pairx: left out: {describe(dataset.problems)}", file=sys.stderr)
    return dataset, model
