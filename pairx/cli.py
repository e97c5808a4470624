"""The command line: `pairx explain A B -o out.png`, `compare`, `evaluate`, `rank`, `models`, …, and `pairx app`. From a
checkout that is not installed it is `python -m pairx`.

Exit status: 0 done, 2 the user's input is wrong (one line says what, where and what to do), 1 a fault of ours.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pairx
from pairx import door
from pairx.commands import (
    animate,
    checking,
    comparing,
    contrast,
    dataset,
    figure,
    judge,
    lists,
    pair,
    ranking,
    region,
    review,
)
from pairx.commands.shared import add_model
from pairx.extras import missing
from pairx.heap import end, share_heap
from pairx.types import InputError

Command = tuple[str, Callable[[argparse.Namespace], None], Callable[[argparse.ArgumentParser], None] | None]
COMMANDS: dict[str, Command] = {
    "explain": ("explain the similarity of two photographs", pair.explain, pair.add_explain),
    "compare": ("explain one pair by several methods, side by side", comparing.compare, comparing.add_compare),
    "animate": ("write a moving picture of one pair, for a talk", animate.animate, animate.add_animate),
    "contrast": ("show why a query is more similar to A than to B", contrast.contrast, contrast.add_contrast),
    "evaluate": ("measure how plausible a data set's most similar pairs are", dataset.evaluate, dataset.add_evaluate),
    "judge": ("measure which methods can be trusted on a model and a data set", judge.judge, judge.add_judge),
    "rank": ("list the photographs most similar to one", ranking.rank, ranking.add_rank),
    "figure": ("make the figures of a paper from a specification", figure.figure, figure.add_figure),
    "region": ("list the photographs most similar to a part of one", region.region, region.add_region),
    "review": (
        "verify matches: begin a review, see how far it is, export and import",
        review.review,
        review.add_review,
    ),
    "runs": ("compare finished runs of evaluate", dataset.runs, dataset.add_runs),
    "datasets": ("list the data sets of wildlife-datasets", lists.datasets, None),
    "models": ("list the models, or check one", lists.models, checking.add_check),
    "layers": ("list a model's layers", lists.layers, add_model),
    "methods": ("list the methods", lists.methods, None),
}
"""What each is for, what it does, and the options that it adds."""


class Parser(argparse.ArgumentParser):
    """argparse, with errors of one line."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}. `{self.prog} --help` shows what it takes.")


def run() -> int:
    """The process of `pairx`: one command, and then its end; returns the exit status."""
    try:
        return main()
    finally:
        end()


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # they are for developers, and a wrong input gets one line
    share_heap()
    door.encode_all()
    try:
        with door.said_in_lines(), door.refusals_told():
            arguments = parser().parse_args(argv)
            arguments.run(arguments)
            door.flush()
    except InputError as error:
        print("pairx:", " ".join(str(error).splitlines()), file=sys.stderr)
        door.leave()
        return 2
    except KeyboardInterrupt:
        print("pairx: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        door.leave()
        return 0
    return 0


def parser() -> Parser:
    """All commands and their options."""
    top = Parser(prog="python -m pairx", description="Why a deep metric model finds two photographs similar.")
    top.add_argument("--version", action="version", version=f"pairx {pairx.__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    for name, (summary, run, add_options) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        command.set_defaults(run=run)
        command.add_argument("--json", action="store_true", help="print JSON")
        if add_options:
            add_options(command)
    summary = "serve the app in the browser"
    _add_app(commands.add_parser("app", help=summary, description=summary[0].upper() + summary[1:] + "."))
    return top


def _add_app(command: argparse.ArgumentParser) -> None:
    command.set_defaults(run=_app)
    command.add_argument(
        "--host",
        default=os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1",
        help="address to listen on; others than this machine's own serve everybody (default: %(default)s)",
    )
    command.add_argument("--port", type=int, help="port to listen on (default: the first free one from 7860 on)")
    command.add_argument("--shared", action="store_true", help="others reach the app, through a proxy")
    command.add_argument("--runs", type=Path, metavar="FOLDER", help="folder of runs (default: runs)")
    command.add_argument("--datasets", type=Path, metavar="FOLDER", help="folder of data sets to choose from")


def _app(arguments: argparse.Namespace) -> None:
    """Serve the app until it is stopped."""
    if find_spec("gradio") is None:
        raise missing("The app", "app")
    from pairx.ui.gate import is_own_machine
    from pairx.ui.serving import serve
    from pairx.ui.shared.library import Places

    known = os.environ | {"GRADIO_SERVER_NAME": arguments.host} | ({"PAIRX_SHARED": "1"} if arguments.shared else {})
    places = Places.from_environment(own_machine=is_own_machine(known))
    given = {name: value for name in ("runs", "datasets") if (value := getattr(arguments, name))}
    serve(replace(places, **given), arguments.host, arguments.port)
