"""The command `explain A B -o FILE`, and what it shares with others about one pair."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairx.choices import CHOICES
from pairx.commands.laying import laid_over
from pairx.commands.pair_list import add_list, explain_list, of_list
from pairx.commands.shared import add_model, chosen_model, print_json, with_progress
from pairx.heap import importing
from pairx.types import Explanation, ImagePair, InputError

if TYPE_CHECKING:
    from pairx.viz import Laid

FIGURES = (".png", ".svg", ".pdf")
FORMATS = (*FIGURES, ".npz")


def add_explain(command: argparse.ArgumentParser) -> None:
    """The options of `explain`."""
    add_photographs(command, "?")
    add_output(command, ".png, .svg, .pdf, or .npz for the numbers")
    add_list(command, FORMATS)
    add_model(command)
    command.add_argument("--method", default="pair-x", help="see `methods` (default: %(default)s)")
    command.add_argument(
        "--layer",
        nargs="+",
        default=[],
        metavar="NAME",
        help="one or several layers, see `layers`; several write FILE.LAYER.png each",
    )
    result = command.add_argument_group("result")
    result.add_argument(
        "--k-lines", type=int, default=20, metavar="N", help="matches drawn as lines (default: %(default)s)"
    )
    result.add_argument(
        "--k-colors", type=int, default=10, metavar="N", help="matches painted into the pixels (default: %(default)s)"
    )
    result.add_argument(
        "--preset",
        help="all below as published: paper, pairx (its authors' public code) or wildme (WildMe's package); options "
        "given besides go before it (default paper)",
    )
    for name, choice in CHOICES.items():
        values = ", ".join([f"{choice.default} (default)", *list(choice.values)[1:]])
        result.add_argument(f"--{name}", metavar="NAME", help=f"{choice.about}: {values}")
    look = command.add_argument_group("look")
    look.add_argument("--opacity", type=float, default=0.75, help="of heat and colours, 0 to 1 (default: %(default)s)")
    look.add_argument("--palette", default="bright", help="of the matches' colours")
    look.add_argument(
        "--aligned",
        action="store_true",
        help="a row more: B laid over A, by local features that match, without the model",
    )


def explain(arguments: argparse.Namespace) -> None:
    """Explain a pair, write the figures or numbers, and print what came out; or every pair of a list."""
    if of_list(arguments):
        if len(arguments.layer) > 1:
            raise InputError("A list is explained at one layer. Give one to --layer.")
        layer = next(iter(arguments.layer), None)
        return explain_list(arguments, [arguments.method], layer, _list_options(arguments), look=_look(arguments))
    output = output_of(arguments.output)
    with importing():
        look = _look(arguments)
        from pairx.methods import explain_steps

        pair = pair_of(arguments)
        model = chosen_model(arguments)
    steps = explain_steps(model, pair, arguments.method, arguments.layer, **_options(arguments))
    explanations = with_progress(steps)
    paths = [_path(output, explanation, len(explanations) > 1) for explanation in explanations]
    laid = laid_over(pair) if arguments.aligned else None
    for explanation, path in zip(explanations, paths, strict=True):
        _write(explanation, pair, path, look, laid)
    _report_explanations(model, explanations, paths, _warned(model, pair), arguments.json)


def add_output(command: argparse.ArgumentParser, endings: str) -> None:
    """Where to write. endings: in words."""
    command.add_argument(
        "-o", "--output", required=True, type=Path, metavar="FILE",
        help=f"where to write: {endings}; with --pairs a folder",
    )  # fmt: skip


def add_photographs(command: argparse.ArgumentParser, number: str | None = None) -> None:
    """Two photographs, and which part of each. number: "?" where they need not be given."""
    command.add_argument("a", nargs=number, metavar="A", help="a photograph")
    command.add_argument("b", nargs=number, metavar="B", help="another photograph")
    for side, name in ((0, "A"), (1, "B")):
        command.add_argument(
            f"--box{side}",
            type=float,
            nargs=4,
            metavar=("X", "Y", "W", "H"),
            help=f"the part of {name} to look at, pixels or fractions",
        )
        command.add_argument(
            f"--theta{side}",
            type=float,
            default=0.0,
            metavar="RADIANS",
            help=f"by how much that box is turned clockwise in {name}",
        )
        command.add_argument(
            f"--mirrored{side}", action="store_true", help=f"mirror what is looked at in {name}, left to right"
        )


def pair_of(arguments: argparse.Namespace) -> ImagePair:
    """The photographs of `add_photographs`."""
    from pairx.images import load_pair

    names = ("box", "theta", "mirrored")
    parts = {f"{name}{side}": getattr(arguments, f"{name}{side}") for name in names for side in (0, 1)}
    return load_pair(arguments.a, arguments.b, **parts)


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    """The options that were given; other methods than PAIR-X take none of them."""
    own = ("k_lines", "k_colors", *CHOICES) if arguments.method == "pair-x" else ()
    given = {name: getattr(arguments, name) for name in ("preset", *own)}
    return {name: value for name, value in given.items() if value is not None}


def _list_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """The same with what a preset says."""
    from pairx.core import preset

    given = _options(arguments)
    return (preset(name) if (name := given.pop("preset", None)) else {}) | given


def output_of(path: Path, formats: Sequence[str] = FORMATS) -> Path:
    """Where to write, checked before anything is computed; the ending in lower case, as NumPy needs it."""
    if path.suffix.lower() not in formats:
        raise InputError(f"{path}: this is written as {', '.join(formats)}. End the name with one of them.")
    if not os.path.isdir(path.parent):  # pathlib's raises where a name is too long
        raise InputError(f"{path.parent} is no folder. Make it first, or write somewhere else.")
    if os.path.isdir(path):
        raise InputError(f"{path} is a folder. Give the name of a file.")
    return path.with_suffix(path.suffix.lower())


def _look(arguments: argparse.Namespace) -> Any:
    """How to draw; what is wrong with it is said before anything is computed."""
    from pairx import viz

    if not 0 <= arguments.opacity <= 1:
        raise InputError(f"opacity is 0 to 1, not {arguments.opacity}.")
    viz.match_colors(arguments.k_colors, arguments.palette)
    return viz.Look(arguments.k_lines, arguments.k_colors, arguments.opacity, arguments.palette)


def _path(output: Path, explanation: Explanation, several: bool) -> Path:
    return output.with_name(f"{output.stem}.{explanation.settings['layer']}{output.suffix}") if several else output


def _write(explanation: Explanation, pair: ImagePair, path: Path, look: Any, laid: Laid | str | None) -> None:
    """laid: as `laid_over` gives it; where it cannot be told, the figure says so below."""
    from pairx import viz

    if path.suffix == ".npz":
        return explanation.save(path)
    if isinstance(laid, str):
        explanation, laid = replace(explanation, notes=(*explanation.notes, laid)), None
    viz.draw(explanation, pair, look, laid=laid).save(path)


def _warned(model: Any, pair: ImagePair) -> list[Any]:
    """What to beware of in the pair, but for what its notes say."""
    from pairx.warnings import pair_warnings

    return [one for one in pair_warnings(model, pair) if one.name != "poor" and one.words not in pair.notes]


def _report_explanations(
    model: Any, explanations: list[Explanation], paths: list[Path], warned: list[Any], as_json: bool
) -> None:
    from pairx.evaluation.reference import similarity_sentence
    from pairx.methods import signed

    sentence = similarity_sentence(model, explanations[0].similarity)
    if as_json:
        rows = [
            {
                "path": str(path),
                "similarity": explanation.similarity,
                "meaning": sentence,
                "matches": None if explanation.matches is None else len(explanation.matches),
                "raising": signed(explanation)[0],
                "lowering": signed(explanation)[1],
                "seconds": round(explanation.seconds, 3),
                "notes": explanation.notes,
                "warnings": [asdict(one) for one in warned],
                "metrics": explanation.metrics,
                "settings": explanation.settings,
            }
            for explanation, path in zip(explanations, paths, strict=True)
        ]
        return print_json(rows)
    print(f"cosine similarity {explanations[0].similarity:.3f}. {sentence}".rstrip())
    for explanation, path in zip(explanations, paths, strict=True):
        sampled = f", {explanation.sampled}" if explanation.sampled else ""
        print(f"{path}: {_found(explanation)}at {explanation.settings['layer']}, {explanation.seconds:.1f} s{sampled}")
        for note in explanation.notes:
            print(f"  {note}")
    for one in warned:
        print(f"beware: {one.words}")


def _found(explanation: Explanation) -> str:
    from pairx.methods import signed

    matches = explanation.matches
    if matches is None:
        return ""
    count = "1 match" if len(matches) == 1 else f"{len(matches)} matches"
    raising, lowering = signed(explanation)
    if raising is not None:
        return f"{count} ({raising} raise the similarity, {lowering} lower it) "
    return f"{count} (their signs are dropped) " if "cells" in explanation.settings else f"{count} "
