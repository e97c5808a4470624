"""What the commands share: the model's options, a progress bar, tables and JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, TypeVar

from tqdm import tqdm

from pairx.types import Step, Steps

if TYPE_CHECKING:
    from pairx.models import EmbeddingModel

Result = TypeVar("Result")


def add_model(command: argparse.ArgumentParser) -> None:
    """Which model, from which weights, at which size."""
    command.add_argument(
        "--model", default="reid-lite0", help="a registered model, timm:NAME, or a checkpoint (default: %(default)s)"
    )
    command.add_argument(
        "--weights", metavar="FILE", help="a local checkpoint (.safetensors, .pth) for the model's architecture"
    )
    command.add_argument("--size", type=int, metavar="PX", help="side of the model's input (default: the model's own)")


def chosen_model(arguments: argparse.Namespace, device: str | None = None) -> EmbeddingModel:
    """The model of `add_model`'s options. Raises InputError as `pairx.load_model` does."""
    from pairx.models import load_model

    return load_model(arguments.model, weights=arguments.weights, size=arguments.size, device=device)


def with_progress(steps: Generator[Step, None, Result]) -> Result:
    """What the steps return; meanwhile a bar with its rate and the time that remains, a new one where counting starts
    again.
    """
    bar, taken = None, Steps(steps)
    try:
        for step in taken:
            if bar is None or step.total != bar.total or step.done < bar.n:
                if bar is not None:
                    bar.close()
                bar = tqdm(total=step.total, initial=step.done, leave=False, disable=not sys.stderr.isatty())
            bar.set_description(step.what, refresh=False)
            bar.update(step.done - bar.n)
        return taken.result
    finally:
        if bar is not None:
            bar.close()


def print_rows(rows: list[dict], columns: Sequence[str], as_json: bool) -> None:
    """Print rows as a table of the named columns, or whole as JSON."""
    if as_json:
        return print_json(rows)
    cells = [list(columns), *([cell(row[column]) for column in columns] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    for line in cells:
        print("  ".join(value.ljust(width) for value, width in zip(line, widths, strict=True)).rstrip())


def cell(value: object) -> str:
    """A value in a table."""
    return {True: "yes", False: "", None: ""}[value] if value is None or isinstance(value, bool) else str(value)


def print_json(value: object) -> None:
    """Print a value as JSON."""
    print(json.dumps(value, indent=2, ensure_ascii=False))
