"""The commands about data sets: `evaluate DATASET -o RUN`, `rank DATASET --query ID` and `runs RUN …`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tqdm import tqdm

from pairx.types import Step

if TYPE_CHECKING:
    from pairx.evaluation.comparing import Comparison

Result = TypeVar("Result")
DATASET = (
    "`sample`, a folder with metadata.csv, a folder of one folder per identity, a CSV, or wildlife:NAME of the package "
    "wildlife-datasets"
)


def add_evaluate(command: argparse.ArgumentParser) -> None:
    """The options of `evaluate` beside the model's."""
    _add_dataset(command)
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
    _add_features(command)
    command.add_argument(
        "--transform", default="homography", help="homography (the paper), affine or similarity (default: %(default)s)"
    )
    command.add_argument(
        "--ray",
        nargs="?",
        const="local",
        metavar="ADDRESS",
        help="compute on a Ray cluster, or, without an address, on a Ray started here; needs `pip install ray`",
    )


def add_rank(command: argparse.ArgumentParser) -> None:
    """The options of `rank` beside the model's."""
    _add_dataset(command)
    command.add_argument("--query", required=True, metavar="ID", help="image_id of the photograph to look for")
    command.add_argument("--top-k", type=int, default=20, metavar="N", help="how many to list (default: %(default)s)")
    command.add_argument("--rerank", action="store_true", help="sort them by PAIR-X's match coverage")
    command.add_argument("--layer", metavar="NAME", help="layer to rerank at, see `layers`")
    _add_features(command)


def add_runs(command: argparse.ArgumentParser) -> None:
    """The options of `runs`."""
    command.add_argument("runs", nargs="+", metavar="RUN", help="folder of a finished run, see `evaluate`")


def evaluate(arguments: argparse.Namespace) -> None:
    """Run `evaluate` and print what came out."""
    from pairx.evaluation.layers import choose_layer_steps
    from pairx.evaluation.run import evaluate_steps

    dataset, model = _load(arguments)
    options = {
        "seed": arguments.seed,
        "exclude_encounter": arguments.exclude_encounter,
        "features": arguments.features,
        "transform": arguments.transform,
        "ray": arguments.ray,
    }
    layers = arguments.layer
    if layers == ["auto"]:
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
        print(f"{run.folder}: pairs.parquet, summary.json, settings.json, scatter.html")


def rank(arguments: argparse.Namespace) -> None:
    """Run `rank` and print the list."""
    from pairx.evaluation.ranking import rank_steps

    dataset, model = _load(arguments)
    options = {name: getattr(arguments, name) for name in ("top_k", "rerank", "layer", "features")}
    table = with_progress(rank_steps(dataset, model, arguments.query, **options))
    if arguments.json:
        print(table.to_json(orient="records", indent=2))
    else:
        shown = table.replace({"correct": {True: "yes", False: ""}})
        print(shown.to_string(index=False, float_format="{:.3f}".format, na_rep="-"))


def runs(arguments: argparse.Namespace) -> None:
    """Run `runs` and print the comparison."""
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


def comparison_report(found: Comparison) -> list[str]:
    """Runs side by side in lines: what each is, the settings in which they differ, their rho and Delta."""
    shares = dict.fromkeys(("top_1", "top_5", "map"), "{:.1%}".format)
    lines = found.runs.to_string(index=False, formatters=shares, na_rep="-").splitlines()
    if len(found.differing):
        lines += ["", "settings that differ:", *found.differing.to_string().splitlines()]
    table = found.scores[["metric", "layer", "run"]].copy()
    table["pairs"] = [f"{row.correct}+{row.incorrect}" for row in found.scores.itertuples()]
    table["rho"], table["Delta"] = found.scores["rho"], found.scores["delta"]
    for name, ends in (("95 % interval", ("delta_low", "delta_high")), ("by chance", ("chance_low", "chance_high"))):
        table[name] = [_range(values) for values in found.scores[list(ends)].to_numpy()]
    table["p"] = found.scores["delta_p"]
    numbers = {"p": "{:.3f}".format}
    text = table.to_string(index=False, formatters=numbers, float_format="{:.2f}".format, na_rep="-")
    return [*lines, "", *text.splitlines()]


def report(summary: dict[str, Any], settings: dict[str, Any]) -> list[str]:
    """A run's summary in lines: how good the model is, how often the transform failed, and a line a metric and layer
    with rho, Delta, its bootstrap interval and where it lies by chance.
    """
    found = summary["retrieval"]
    statuses = ", ".join(f"{name} {count}" for name, count in summary["status"].items())
    lines = [
        f"{settings['dataset']}: {settings['photographs']} photographs, {settings['model']}",
        f"retrieval of {found['queries']} queries: top-1 {_percent(found['top_1'])}, top-5 {_percent(found['top_5'])}, "
        f"mAP {_percent(found['map'])}",
        f"{summary['pairs']} pairs of the top {summary['k']}: {summary['correct']} correct, "
        f"{summary['incorrect']} incorrect",
        f"{settings['features']}, {settings['transform']}: {statuses}; "
        f"inliers {_number(summary['median_inliers'], '.0f')} (median)",
        "",
        f"{'layer':<12}{'metric':<42}{'pairs':>12}{'rho':>7}{'Delta':>7}{'95 % interval':>17}{'by chance':>17}{'p':>7}",
    ]
    for layer, metrics in summary["layers"].items():
        for name, values in metrics.items():
            counts = f"{values['correct']}+{values['incorrect']}"
            lines.append(
                f"{layer:<12}{name:<42}{counts:>12}{_number(values['rho']):>7}{_number(values['delta']):>7}"
                f"{_range(values['delta_interval']):>17}{_range(values['delta_null']):>17}"
                f"{_number(values['delta_p'], '.3f'):>7}"
            )
            if values["delta_reason"]:
                lines.append(f"{'':<12}no Delta: {values['delta_reason']}")
    if len(summary["layers"]) > 1:
        lines += ["", f"best layer, by rho of inverted_residual_mean: {summary['best_layer'] or '-'}"]
    return lines


def _add_features(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--features",
        default="sift",
        help="local features that the transform comes from: sift, xfeat, aliked or disk (default: %(default)s)",
    )


def _add_dataset(command: argparse.ArgumentParser) -> None:
    command.add_argument("dataset", metavar="DATASET", help=DATASET)
    command.add_argument(
        "--skip-problems", action="store_true", help="leave out photographs that are missing or unreadable"
    )
    command.add_argument("--download", action="store_true", help="fetch a wildlife: data set that is not there yet")


def _load(arguments: argparse.Namespace) -> tuple[Any, Any]:
    from pairx.datasets import load_steps
    from pairx.models import load_model

    device = "cpu" if getattr(arguments, "ray", None) else None
    model = load_model(arguments.model, weights=arguments.weights, size=arguments.size, device=device)
    dataset = with_progress(load_steps(arguments.dataset, arguments.skip_problems, arguments.download))
    for problem in dataset.problems:
        print(f"pairx: left out: {problem.kind}: {problem.where}", file=sys.stderr)
    return dataset, model


def with_progress(steps: Generator[Step, None, Result]) -> Result:
    """What the steps return; meanwhile a bar with its rate and the time that remains, a new one where counting starts
    again.
    """
    bar = None
    try:
        while True:
            step = next(steps)
            if bar is None or step.total != bar.total or step.done < bar.n:
                if bar is not None:
                    bar.close()
                bar = tqdm(total=step.total, initial=step.done, leave=False, disable=not sys.stderr.isatty())
            bar.set_description(step.what, refresh=False)
            bar.update(step.done - bar.n)
    except StopIteration as stop:
        return stop.value
    finally:
        if bar is not None:
            bar.close()


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _number(value: float | None, form: str = ".2f") -> str:
    return "-" if value is None else f"{value:{form}}"


def _range(values: Sequence[float | None]) -> str:
    return "-" if values[0] is None or values[0] != values[0] else f"{values[0]:.2f} to {values[1]:.2f}"
