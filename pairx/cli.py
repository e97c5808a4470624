"""The command line: `python -m pairx explain A B -o out.png`, `compare`, `evaluate`, `rank`, `models`, …

Exit status: 0 done, 2 the user's input is wrong (one line says what, where and what to do), 1 a fault of ours.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import NoReturn

from pairx import door
from pairx.commands import checking, dataset, lists, pair
from pairx.commands.shared import add_model
from pairx.types import InputError

Command = tuple[str, Callable[[argparse.Namespace], None], Callable[[argparse.ArgumentParser], None] | None]
COMMANDS: dict[str, Command] = {
    "explain": ("explain the similarity of two photographs", pair.explain, pair.add_explain),
    "compare": ("explain one pair by several methods, side by side", pair.compare, pair.add_compare),
    "evaluate": ("measure how plausible a data set's most similar pairs are", dataset.evaluate, dataset.add_evaluate),
    "rank": ("list the photographs most similar to one", dataset.rank, dataset.add_rank),
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


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # they are for developers, and a wrong input gets one line
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
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    for name, (summary, run, add_options) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        command.set_defaults(run=run)
        command.add_argument("--json", action="store_true", help="print JSON")
        if add_options:
            add_options(command)
    return top
