"""What the commands share: the model's options, a progress bar, tables and JSON."""

from __future__ import annotations

import argparse
import importlib
import json
import math
import os
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from tqdm import tqdm

from pairx.heap import importing
from pairx.types import Computation, InputError, Steps

if TYPE_CHECKING:
    from pairx.models import EmbeddingModel

Result = TypeVar("Result")


def add_model(command: argparse.ArgumentParser, default: str | None = "reid-lite0") -> None:
    """Which model, from which weights, at which size. default: None where the command names the model itself."""
    if default is not None:
        command.add_argument(
            "--model",
            default=default,
            help="a registered model, timm:NAME, hf-hub:OWNER/NAME, a checkpoint, a folder with config.json and "
            "weights, or package.module:function, whose code is run (default: %(default)s)",
        )
    command.add_argument(
        "--weights", metavar="FILE", help="a local checkpoint (.safetensors, .pth) for the model's architecture"
    )
    command.add_argument(
        "--head",
        choices=("keep", "drop"),
        help="a checkpoint's final linear layer: keep it as the embedding, or drop it (default: as its size says)",
    )
    command.add_argument(
        "--raw-weights", action="store_true", help="not the averaged (EMA) weights where a checkpoint holds both"
    )
    command.add_argument(
        "--size", type=size_of, metavar="PX", help="the model's input: its side, or HEIGHTxWIDTH (default: its own)"
    )
    command.add_argument(
        "--resize", choices=("squash", "pad", "crop"), help="how photographs come to that size (default: its own way)"
    )


def size_of(text: str) -> int | tuple[int, int]:
    """The side of a square, or (height, width) of "256x128"."""
    sides = tuple(int(one) for one in text.lower().split("x"))
    if len(sides) > 2:
        raise ValueError
    return sides if len(sides) == 2 else sides[0]


def chosen_model(arguments: argparse.Namespace, device: str | None = None) -> EmbeddingModel:
    """The model of `add_model`'s options; what was chosen while its weights were read goes to stderr.

    Raises InputError as `pairx.load_model` does.
    """
    with importing():
        return said(_loaded(arguments, device))


def _loaded(arguments: argparse.Namespace, device: str | None) -> EmbeddingModel:
    from pairx.models import load_model

    if re.fullmatch(r"[^\W\d][\w.]*:[^\W\d]\w*", arguments.model) and not arguments.model.startswith("timm:"):
        return made_by(arguments.model, arguments.size, arguments.resize)
    return load_model(
        arguments.model,
        weights=arguments.weights,
        size=arguments.size,
        device=device,
        head=arguments.head,
        averaged=not arguments.raw_weights,
        resize=arguments.resize,
    )


def said(model: EmbeddingModel) -> EmbeddingModel:
    """The model, its notes told on stderr."""
    for note in model.notes:
        print(f"pairx: {note}", file=sys.stderr)
    return model


def made_by(name: str, size: int | tuple[int, int] | None, resize: str | None = None) -> EmbeddingModel:
    """What a function of the user's own, `package.module:function`, returns: a model, or a network to wrap.

    Its code is run, which is said. Raises InputError where there is no such function or it returns anything else.
    """
    from torch import nn

    from pairx.models import EmbeddingModel, wrap

    package, _, function = name.partition(":")
    print(f"pairx: running the code of {package} to make the model", file=sys.stderr)
    sys.path.insert(0, os.getcwd())
    try:
        made = getattr(importlib.import_module(package), function)()
    except InputError:
        raise
    except Exception as error:  # whatever their code raises
        reason = (str(error).splitlines() or [""])[0]
        raise InputError(
            f"--model {name} could not be made ({type(error).__name__}: {reason}). Give package.module:function of "
            "a function without arguments, in this folder or installed."
        ) from error
    if isinstance(made, nn.Module):
        return wrap(made, size=size, resize=resize, name=name)
    if not isinstance(made, EmbeddingModel):
        raise InputError(f"{name} returns {type(made).__name__}: return a torch.nn.Module, or pairx.wrap of one.")
    return made


def with_progress(steps: Computation[Result]) -> Result:
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
    """Print a value as JSON: what is no finite number as null; in escapes where the output cannot hold every letter."""
    unicode = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")
    print(json.dumps(_finite(value), indent=2, ensure_ascii=not unicode))


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
