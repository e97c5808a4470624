"""The command `compare A B -o FILE`."""

from __future__ import annotations

import argparse
from typing import Any

from pairx.commands.pair import FIGURES, add_output, add_photographs, output_of, pair_of
from pairx.commands.pair_list import add_list, explain_list, of_list
from pairx.commands.shared import add_model, cell, chosen_model, print_json, print_rows, with_progress
from pairx.types import Explanation, InputError, Refusal


def add_compare(command: argparse.ArgumentParser) -> None:
    """The options of `compare`."""
    add_photographs(command, "?")
    add_output(command, ".png, .svg or .pdf")
    add_list(command, FIGURES)
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
        "--error",
        type=float,
        metavar="E",
        help="stop sampling once a map's error is this part of its own length, such as 0.1; 0 takes all samples "
        "(default: 0)",
    )
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


def compare(arguments: argparse.Namespace) -> None:
    """Explain a pair by several methods, write the grid, and print a line a method; or every pair of a list."""
    listed = of_list(arguments)
    output = arguments.output if listed else output_of(arguments.output, FIGURES)
    from pairx import viz
    from pairx.baselines import stopping
    from pairx.methods import cards, compare_steps

    if arguments.error is not None:
        stopping.check(arguments.error)
    names = _chosen(arguments.methods, known := cards())
    page = {"width": arguments.width, "seconds": arguments.seconds, "cautions": arguments.cautions}
    options = {"samples": arguments.samples, "error": arguments.error, "background": _background(arguments.background)}
    given = {name: value for name, value in options.items() if value is not None}
    if listed:
        return explain_list(arguments, names, arguments.layer, given, page=page)
    pair = pair_of(arguments)
    model = chosen_model(arguments)
    results = with_progress(compare_steps(model, pair, names, arguments.layer, **given))
    viz.draw_grid(results, pair, known, **page).save(output)
    rows = [_compared(result, known[result.method].caveat) for result in results]
    columns = ("method", "seconds", *(["sampled"] if any(row.get("sampled") for row in rows) else []), "note")
    if arguments.json:
        return print_json(rows)
    print_rows([{"sampled": "", **row, "seconds": cell(row["seconds"])} for row in rows], columns, False)
    for note, names in viz.notes_of(results):
        print(f"{note} ({', '.join(names)})" if names else note)
    print(output)


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
    about |= {"notes": result.notes, "sampled": result.sampled}
    return {"method": result.method, "seconds": round(result.seconds, 2), "note": caveat, **about}
