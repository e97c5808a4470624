"""The commands about one pair: `explain A B -o FILE` and `compare A B -o FILE`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pairx.choices import CHOICES
from pairx.commands.laying import laid_over
from pairx.commands.shared import add_model, cell, chosen_model, print_json, print_rows, with_progress
from pairx.types import Explanation, ImagePair, InputError, Refusal

if TYPE_CHECKING:
    from pairx.viz import Laid

FIGURES = (".png", ".svg", ".pdf")
FORMATS = (*FIGURES, ".npz")


def add_explain(command: argparse.ArgumentParser) -> None:
    """The options of `explain`."""
    add_photographs(command)
    command.add_argument(
        "-o",
        "--output",
        required=True,
        type=Path,
        metavar="FILE",
        help="where to write: .png, .svg, .pdf, or .npz for the numbers",
    )
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


def add_compare(command: argparse.ArgumentParser) -> None:
    """The options of `compare`."""
    add_photographs(command)
    command.add_argument(
        "-o", "--output", required=True, type=Path, metavar="FILE", help="where to write: .png, .svg or .pdf"
    )
    add_model(command)
    command.add_argument(
        "--methods",
        default="fast",
        metavar="NAME,…",
        help="methods, separated by commas, see `methods`; all, or fast: those of a few passes (default: %(default)s)",
    )
    command.add_argument("--layer", metavar="NAME", help="see `layers` (default: the model's own choice)")
    command.add_argument("--samples", type=int, metavar="N", help="the most for methods that sample: faster, noisier")
    command.add_argument(
        "--background",
        metavar="FILE",
        help="what stands for absent, for methods that take it: blur, mean, zero, or a photograph, which asks why the "
        "pair is more similar than that one is",
    )
    page = command.add_argument_group("figure", "at most 230 mm high; a PDF has as many pages as it needs")
    page.add_argument(
        "--width", type=int, choices=(175, 85), default=175, help="of the page, mm: two columns of text or one"
    )
    page.add_argument("--seconds", action="store_true", help="print how long each method took")
    page.add_argument("--cautions", action="store_true", help="print what to beware of below each panel")


def explain(arguments: argparse.Namespace) -> None:
    """Explain a pair, write the figures or numbers, and print what came out."""
    output = output_of(arguments.output)
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


def compare(arguments: argparse.Namespace) -> None:
    """Explain a pair by several methods, write the grid, and print a line a method."""
    output = output_of(arguments.output, FIGURES)
    from pairx import viz
    from pairx.methods import cards, compare_steps

    names = _chosen(arguments.methods, known := cards())
    pair = pair_of(arguments)
    model = chosen_model(arguments)
    options = {"samples": arguments.samples, "background": _background(arguments.background)}
    given = {name: value for name, value in options.items() if value is not None}
    results = with_progress(compare_steps(model, pair, names, arguments.layer, **given))
    page = {"width": arguments.width, "seconds": arguments.seconds, "cautions": arguments.cautions}
    viz.draw_grid(results, pair, known, **page).save(output)
    rows = [_compared(result, known[result.method].caveat) for result in results]
    if arguments.json:
        return print_json(rows)
    print_rows([{**row, "seconds": cell(row["seconds"])} for row in rows], ("method", "seconds", "note"), False)
    for note, names in viz.notes_of(results):
        print(f"{note} ({', '.join(names)})" if names else note)
    print(output)


def add_photographs(command: argparse.ArgumentParser) -> None:
    """Two photographs, and which part of each."""
    command.add_argument("a", metavar="A", help="a photograph")
    command.add_argument("b", metavar="B", help="another photograph")
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


def _chosen(methods: str, cards: dict) -> list[str]:
    """The methods' names, checked before anything is computed."""
    if methods in ("all", "fast"):
        return [name for name, card in cards.items() if methods == "all" or not card.slow]
    names = list(dict.fromkeys(name.strip() for name in methods.split(",")))
    if unknown := [name for name in names if name not in cards]:
        raise InputError(f"There is no method {unknown[0]!r}. `python -m pairx methods` lists all.")
    return names


def _background(background: str | None) -> Any:
    """A background's name, or the photograph of that name."""
    from pairx.baselines.backgrounds import BACKGROUNDS
    from pairx.images import decode

    return background if background is None or background in BACKGROUNDS else decode(background)


def _compared(result: Explanation | Refusal, caveat: str) -> dict:
    if isinstance(result, Refusal):
        return {"method": result.method, "seconds": None, "note": f"cannot run: {result.reason}"}
    about = {"similarity": result.similarity, "metrics": result.metrics, "settings": result.settings}
    about["notes"] = result.notes
    return {"method": result.method, "seconds": round(result.seconds, 2), "note": caveat, **about}


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

    sentence = similarity_sentence(model, explanations[0].similarity)
    if as_json:
        rows = [
            {
                "path": str(path),
                "similarity": explanation.similarity,
                "meaning": sentence,
                "matches": None if explanation.matches is None else len(explanation.matches),
                "raising": _signed(explanation)[0],
                "lowering": _signed(explanation)[1],
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
        print(f"{path}: {_found(explanation)}at {explanation.settings['layer']}, {explanation.seconds:.1f} s")
        for note in explanation.notes:
            print(f"  {note}")
    for one in warned:
        print(f"beware: {one.words}")


def _found(explanation: Explanation) -> str:
    matches = explanation.matches
    if matches is None:
        return ""
    count = "1 match" if len(matches) == 1 else f"{len(matches)} matches"
    raising, lowering = _signed(explanation)
    if raising is not None:
        return f"{count} ({raising} raise the similarity, {lowering} lower it) "
    return f"{count} (their signs are dropped) " if "cells" in explanation.settings else f"{count} "


def _signed(explanation: Explanation) -> tuple[int, int] | tuple[None, None]:
    """How many matches raise and lower the similarity; None but for PAIR-X's, where they can be believed."""
    matches = explanation.matches
    if matches is None or explanation.withheld or explanation.settings.get("cells") != "signed":
        return None, None
    return matches.raising, matches.lowering
