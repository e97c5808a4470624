"""The command `contrast QUERY A B -o FILE`."""

from __future__ import annotations

import argparse
from pathlib import Path

from pairx.commands.pair import FIGURES, output_of
from pairx.commands.shared import add_model, chosen_model, print_json, with_progress


def add_contrast(command: argparse.ArgumentParser) -> None:
    """The options of `contrast`."""
    command.add_argument("query", metavar="QUERY", help="a photograph")
    command.add_argument("a", metavar="A", help="a candidate for the same animal")
    command.add_argument("b", metavar="B", help="another candidate")
    command.add_argument(
        "-o", "--output", required=True, type=Path, metavar="FILE", help="where to write: .png, .svg or .pdf"
    )
    add_model(command)
    command.add_argument("--layer", metavar="NAME", help="see `layers` (default: the model's own choice)")


def contrast(arguments: argparse.Namespace) -> None:
    """Contrast two candidates of a query, write the figure, and print what each has."""
    output = output_of(arguments.output, FIGURES)
    from pairx import viz
    from pairx.contrasting import contrast_steps
    from pairx.images import load_pair

    pairs = [load_pair(arguments.query, candidate) for candidate in (arguments.a, arguments.b)]
    model = chosen_model(arguments)
    found = with_progress(contrast_steps(model, pairs[0], pairs[1], arguments.layer))
    viz.draw_contrast(found, pairs).save(output)
    if arguments.json:
        return print_json(
            [
                {"candidate": pair.id1, "similarity": one.similarity, "metrics": one.metrics, "notes": one.notes}
                for pair, one in zip(pairs, found, strict=True)
            ]
        )
    for pair, one in zip(pairs, found, strict=True):
        alone, shared = (int(one.metrics.get(name, 0)) for name in ("alone", "shared"))
        print(f"{pair.id1}: cosine {one.similarity:.3f}; {alone} matches of its own, {shared} that both have")
    for note in dict.fromkeys(note for one in found for note in one.notes):
        print(f"  {note}")
    print(f"{output}: difference {found[0].metrics['difference']:+.3f} at {found[0].settings['layer']}")
