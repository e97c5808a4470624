"""The command `animate A B -o FILE`: one pair as a moving picture."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pairx.commands.laying import blinked
from pairx.commands.pair import add_photographs, output_of, pair_of
from pairx.commands.shared import add_model, chosen_model, print_json, with_progress
from pairx.types import Explanation, ImagePair

if TYPE_CHECKING:
    from pairx.viz import Answer, Moving

MOVING = (".gif", ".png", ".apng")
STEPS = 30


def add_animate(command: argparse.ArgumentParser) -> None:
    """The options of `animate`."""
    add_photographs(command)
    command.add_argument(
        "-o", "--output", required=True, type=Path, metavar="FILE", help="where to write: .gif, or an animated .png"
    )
    command.add_argument(
        "--kind",
        choices=("blink", "points"),
        default="blink",
        help="blink: A, and B laid over it by local features that match, without the model; points: a walk over A, and "
        "what B answers to each place of it (default: %(default)s)",
    )
    laying = command.add_argument_group("blink")
    laying.add_argument("--transform", default="affine", help="similarity, affine or homography (default: %(default)s)")
    laying.add_argument("--features", default="xfeat", help="a classical method, see `methods` (default: %(default)s)")
    walk = command.add_argument_group("points")
    walk.add_argument(
        "--through",
        nargs="+",
        type=_place,
        metavar="X,Y",
        help="places of A to walk through, fractions of its sides (default: where the evidence is strongest)",
    )
    walk.add_argument("--layer", metavar="NAME", help="see `layers` (default: the model's own choice)")
    add_model(command)


def animate(arguments: argparse.Namespace) -> None:
    """Write the picture and print what it shows."""
    output = output_of(arguments.output, MOVING)
    pair = pair_of(arguments)
    if arguments.kind == "blink":
        moving, said = blinked(pair, arguments.features, arguments.transform)
    else:
        moving, said = _walked(arguments, pair)
    moving.save(output)
    if arguments.json:
        return print_json({"path": str(output), "shows": said, "frames": len(moving.frames)})
    print(f"{output}: {said}")


def _walked(arguments: argparse.Namespace, pair: ImagePair) -> tuple[Moving, str]:
    """The second photograph's answers on a walk over the first, and what it shows."""
    from pairx import viz
    from pairx.core.walk import walk
    from pairx.methods import explain_steps

    model = chosen_model(arguments)
    layers = [arguments.layer] if arguments.layer else []
    (explanation,) = with_progress(explain_steps(model, pair, "point-to-point", layers))
    places = _places(explanation, pair) if arguments.through is None else np.array(arguments.through)
    answers = [_answer(explanation, pair, point) for point in walk(places, STEPS if len(places) > 1 else 1)]
    said = f"a walk over {pair.id0} through {len(places)} places, and what {pair.id1} answers, at "
    return viz.follow_points(explanation, pair, answers), said + str(explanation.settings["layer"])


def _places(explanation: Explanation, pair: ImagePair) -> np.ndarray:
    """(n, 2) x/y of the places of the first photograph with the strongest evidence, fractions of it."""
    from pairx.core.walk import stops

    x, y, w, h = explanation.extent0 or (0, 0, *pair.image0.shape[1::-1])
    places = (np.array([x, y]) + stops(_tensor(explanation)) * (w, h)) / pair.image0.shape[1::-1]
    return places[((places >= 0) & (places <= 1)).all(axis=1)]


def _answer(explanation: Explanation, pair: ImagePair, point: np.ndarray) -> Answer:
    """What the second photograph answers to a place of the first, x/y in fractions of it."""
    from pairx.core.correspondence import at_point, partners, seen
    from pairx.viz import Answer

    place = (float(point[0]), float(point[1])) * 2
    tensor = _tensor(explanation)
    at = seen(place, explanation.extent0, pair.image0.shape[1::-1])
    return Answer(0, place, partners(tensor, at_point(at[:2], tensor.shape[:2])))


def _tensor(explanation: Explanation) -> np.ndarray:
    assert explanation.tensor is not None, "point-to-point pairs places"
    return explanation.tensor


def _place(text: str) -> tuple[float, float]:
    """ "0.3,0.5" as x and y."""
    x, y = (float(one) for one in text.split(","))
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise ValueError
    return x, y
