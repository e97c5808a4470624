"""The command `review`: begin one, say how far it is, write its decisions and identities, read decisions in."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pairx.commands.dataset import add_dataset, load
from pairx.commands.shared import add_model, with_progress

if TYPE_CHECKING:
    from pairx.datasets import Dataset

ORDERS = ("queries", "closest", "uncertain")
TABLES = ("decisions", "identities", "wildbook", "camtrap")


def add_review(command: argparse.ArgumentParser) -> None:
    """The actions of `review` and their options."""
    actions = command.add_subparsers(dest="action", required=True, metavar="ACTION", parser_class=type(command))
    begin = actions.add_parser("begin", help="rank the candidates of every query, and begin a review of them")
    add_dataset(begin)
    add_model(begin)
    begin.add_argument("-o", "--output", required=True, type=Path, metavar="REVIEW", help="folder of the review")
    begin.add_argument(
        "--top-k", type=int, default=10, metavar="N", help="candidates of a query (default: %(default)s)"
    )
    begin.add_argument(
        "--pairs", type=Path, metavar="FILE", help="the pairs of a CSV with query_id and candidate_id, and no others"
    )
    begin.add_argument("--order", choices=ORDERS, default="queries", help="what is asked first (default: %(default)s)")
    begin.add_argument("--query-split", metavar="NAME", help="split that the queries are of (default: all)")
    begin.add_argument("--gallery-split", metavar="NAME", help="split that they are looked for in (default: all)")
    begin.add_argument(
        "--exclude-encounter", action="store_true", help="leave the query's own encounter out of its gallery"
    )
    status = actions.add_parser("status", help="say how far each reviewer is, where they agree, what contradicts")
    _add_folder(status)
    export = actions.add_parser(
        "export",
        help="write the decisions, or the identities that they make, as CSV, as Wildbook or Camtrap DP take them, too",
    )
    _add_folder(export)
    export.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help="the CSV")
    export.add_argument("--table", choices=TABLES, default="decisions", help="what to write (default: %(default)s)")
    imported = actions.add_parser("import", help="read decisions from a CSV into a review")
    _add_folder(imported)
    imported.add_argument("decisions", type=Path, metavar="FILE", help="a CSV as `review export` writes it")
    for action in (begin, status, export, imported):
        action.add_argument("--json", action="store_true", help="print JSON")


def review(arguments: argparse.Namespace) -> None:
    """Run `review`."""
    run = {"begin": _begin, "status": _status, "export": _export, "import": _import}
    done = run[arguments.action](arguments)
    print(json.dumps(done, indent=2) if arguments.json else "\n".join(f"{name}: {told}" for name, told in done.items()))


def _begin(arguments: argparse.Namespace) -> dict[str, object]:
    from pairx import __version__
    from pairx.evaluation.search import split_queries
    from pairx.reviews import ReviewLog
    from pairx.reviews.queues import begin_steps, candidate_steps, listed_steps

    dataset, model = load(arguments, unknown=True)
    if arguments.pairs:
        pairs = listed_steps(arguments.pairs, dataset)
    else:
        splits = arguments.query_split, arguments.gallery_split, arguments.exclude_encounter
        pairs = candidate_steps(dataset, model, split_queries(dataset, *splits), arguments.top_k)
    steps = begin_steps(
        arguments.output, dataset, arguments.dataset, model, arguments.model, pairs, arguments.order, __version__
    )
    added = with_progress(steps)
    with ReviewLog(arguments.output) as log:
        return {"review": str(arguments.output), "pairs": len(log.tasks()), "new pairs": added}


def _status(arguments: argparse.Namespace) -> dict[str, object]:
    from pairx.reviews import ReviewLog, agreements, settled
    from pairx.reviews.exchange import individuals_of
    from pairx.reviews.settling import CONFLICT

    with ReviewLog(arguments.review) as log:
        standing, tasks = log.standing(), len(log.tasks())
        verdicts = settled(standing)
        told: dict[str, object] = {"review": str(arguments.review), "pairs": tasks}
        for reviewer in dict.fromkeys(standing["reviewer"]):
            done = log.progress(reviewer)
            told[f"reviewer {reviewer}"] = f"{done.decided} decided, {done.skipped} skipped, {done.open} open"
        told |= {f"verdict {name}": int(count) for name, count in verdicts["verdict"].value_counts().items()}
        for one in agreements(standing):
            kappa = "no kappa" if one.kappa is None else f"kappa {one.kappa:.2f}"
            told[f"agreement {one.first}, {one.second}"] = f"{one.same:.0%} of {one.pairs} pairs, {kappa}"
        conflicts = verdicts[verdicts["verdict"] == CONFLICT]
        for number, row in enumerate(conflicts.itertuples(), 1):
            told[f"conflict {number}"] = f"{row.query_id} and {row.candidate_id}, by {row.reviewers}"
        contradictions = individuals_of(log, _dataset(log.facts["dataset"])).contradictions
        return told | {f"contradiction {number}": one.text for number, one in enumerate(contradictions, 1)}


def _export(arguments: argparse.Namespace) -> dict[str, object]:
    from pairx.files import whole
    from pairx.reviews import ReviewLog
    from pairx.reviews.exporting import export_table
    from pairx.sheets import csv_bytes

    with ReviewLog(arguments.review) as log:
        table, told = export_table(log, _dataset(log.facts["dataset"]), arguments.table)
    for line in told:
        print(f"pairx: {line}", file=sys.stderr)
    with whole(arguments.output) as path:
        path.write_bytes(csv_bytes(table))
    return {"written": str(arguments.output), "rows": len(table)}


def _import(arguments: argparse.Namespace) -> dict[str, object]:
    from pairx.reviews import ReviewLog
    from pairx.reviews.exchange import add_decisions, read_decisions

    with ReviewLog(arguments.review) as log:
        known = set(_dataset(log.facts["dataset"]).table["image_id"])
        decisions = read_decisions(arguments.decisions)
        return {"decisions": len(decisions), "new": add_decisions(log, decisions, known)}


def _dataset(source: str) -> Dataset:
    from pairx.datasets import load_steps

    return with_progress(load_steps(source, skip_problems=True, unknown=True))


def _add_folder(command: argparse.ArgumentParser) -> None:
    command.add_argument("review", type=Path, metavar="REVIEW", help="folder of the review")
