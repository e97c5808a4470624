"""One method's result as files, from which the page fills its panel."""

from __future__ import annotations

import json

import numpy as np

from pairx import viz
from pairx.core import correspondence
from pairx.types import Explanation, ImagePair, MethodCard, Refusal
from pairx.ui.compare.payload import PanelFiles, PanelScene, TensorForm
from pairx.ui.shared.files import data_uri, file_of
from pairx.ui.shared.links import MOST_COLORS, MOST_LINES

MOST_CELLS = 28
"""Along a side of a tensor that the browser gets; finer ones are pooled."""
FAST = {"lossless": True, "quality": 0, "method": 0}
"""How a map is packed: seven times faster than PNG, and as exact."""
_WHOLE = 32767  # the largest whole number of 16 bits


def panel_files(result: Explanation | Refusal, pair: ImagePair, card: MethodCard, background: str = "") -> PanelFiles:
    """Files with all that the browser needs of one method: its panel, and its tensor, fetched once somebody asks."""
    scene, tensor = panel_scene(result, pair, card) | {"background": background}, None
    if isinstance(result, Explanation) and result.tensor is not None:
        scene["tensor"], values = packed(result.tensor)
        tensor = file_of(values, "tensor.bin")
    return {"file": file_of(json.dumps(scene).encode(), "panel.json"), "tensor": tensor}


def packed(tensor: np.ndarray) -> tuple[TensorForm, bytes]:
    """A tensor (h0, w0, h1, w1) for the browser: its shape, the value of one step, the |value| painted in full colour;
    and its values as 16-bit whole numbers, little end first, with at most MOST_CELLS cells a side."""
    small = correspondence.pooled(tensor, MOST_CELLS)
    step = float(np.abs(small).max()) / _WHOLE or 1.0
    h0, w0, h1, w1 = small.shape
    about: TensorForm = {"shape": (h0, w0, h1, w1), "step": step, "scale": viz.scale_of(small)}
    return about, np.round(small / step).astype("<i2").tobytes()


def panel_scene(result: Explanation | Refusal, pair: ImagePair, card: MethodCard) -> PanelScene:
    """One method's panel, JSON-ready. A refusal has a reason and nothing to draw."""
    panel = viz.panel_of(result, pair, card, viz.Look(MOST_LINES, MOST_COLORS))
    scene = panel.scene
    if isinstance(result, Refusal) or scene is None:
        return {"reason": result.reason if isinstance(result, Refusal) else panel.note, "card": card_rows(card)}
    return {
        "seconds": panel.seconds,
        "sampled": result.sampled,
        "signed": card.signed,
        "note": _plain(panel.note),
        "notes": list(result.notes),
        "similarity": result.similarity,
        "heat": [None if heat is None else data_uri(heat, "webp", **FAST) for heat in (scene.heat0, scene.heat1)],
        "extents": [scene.extent0, scene.extent1],
        "colors": list(scene.heat_colors),
        "banner": scene.banner,
        "marks": [
            {
                "rank": mark.rank,
                "at": mark.at,
                "points": [mark.point0, mark.point1],
                "against": mark.against,
                "width": mark.width,
            }
            for mark in scene.marks
        ],
        "traced": sum(not mark.against for mark in scene.marks),
        "card": [*card_rows(card), *_measured(result, scene)],
    }


def card_rows(card: MethodCard) -> list[tuple[str, str]]:
    """The facts of a method's card, each with its name."""
    caveat = [("Caveat", _plain(card.caveat))] if card.caveat else []
    partner = "" if card.knows_partner else ", not the other photograph"
    return [
        ("Meaning", card.summary),
        ("Paper", card.paper),
        ("Equation", card.equation),
        ("Cost", card.cost),
        ("Looks at", ", ".join(card.needs) + partner),
        *caveat,
    ]


def _measured(explanation: Explanation, scene: viz.Scene) -> list[tuple[str, str]]:
    rows = [("Full colour", f"±{scene.heat_scale:.3g} or more")] if scene.heat_scale else []
    if explanation.matches is not None:
        rows.append(("Matches", str(len(explanation.matches))))
    return rows + [(_worded(name), f"{value:.4g}".replace("-", "−")) for name, value in explanation.metrics.items()]


def _worded(metric: str) -> str:
    """Such as "Standard error, A" of standard_error0."""
    words = metric.rstrip("01").replace("_", " ").capitalize()
    return f"{words}, {'AB'[int(metric[-1])]}" if metric[-1] in "01" else words


def _plain(text: str) -> str:
    """Without the marks around names that the command line prints."""
    return text.replace("`", "")
