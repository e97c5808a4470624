"""The endpoint for programs: two photographs in, similarity, matches and files out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import gradio as gr
import numpy as np
from gradio.utils import get_upload_folder

from pairx import images, viz
from pairx.types import Explanation, ImagePair, InputError, Matches
from pairx.ui.shared import export
from pairx.ui.shared.files import cached, file_data
from pairx.ui.shared.links import CHOICES, MOST_COLORS, MOST_LINES, published
from pairx.ui.shared.photos import Photo, pair_of
from pairx.ui.shared.session import AppState, Request


class ExplainApi:
    """Holds the app_state for the endpoint."""

    def __init__(self, app_state: AppState) -> None:
        self.app_state = app_state

    def explain(
        self,
        photograph_a: gr.FileData,
        photograph_b: gr.FileData,
        model: str = "reid-lite0",
        layer: str = "",
        lines: int = 20,
        colors: int = 10,
        cells: Literal["signed", "abs_of_sum", "sum_of_abs"] = "signed",
        start: Literal["activation", "relevance"] = "activation",
        residual: Literal["norm", "plain"] = "norm",
        batchnorm: Literal["merge", "pass"] = "merge",
        figure: Literal["png", "svg", "pdf"] = "png",
        preset: Literal["paper", "pairx", "wildme"] = "paper",
        box_a: list[float] | None = None,
        box_b: list[float] | None = None,
        theta_a: float = 0.0,
        theta_b: float = 0.0,
        mirrored_a: bool = False,
        mirrored_b: bool = False,
        positions: Literal["centres", "between"] = "centres",
        strength: Literal["relevance", "agreement"] = "relevance",
    ) -> tuple[dict, gr.FileData, gr.FileData]:
        """Explain why a model finds two photographs similar (PAIR-X).

        photograph_a, photograph_b: files, given as handle_file(path). model: a registered name. layer: "" is the
        model's recommended one. lines, colors: matches drawn as lines and traced to pixels. cells, start, residual,
        batchnorm, positions, strength: see the app's About tab and `pairx.explain`. figure: the kind of figure file.
        preset: all options as published, by the paper, its authors' public code or WildMe's package; those given go
        before it. box_a, box_b: [x, y, w, h], the part to look at, in pixels or fractions of the upright photograph.
        theta_a, theta_b: radians, by which that box is turned clockwise. mirrored_a, mirrored_b: whether the part is
        mirrored after that.

        Returns a summary {"similarity", "model", "layer", "seconds", "notes": [text], "matches": [{"rank", "relevance",
        "share", "distance", "a": [x, y], "b": [x, y]}]}, the figure, and the raw values as .npz. Positions are in
        pixels of the photographs. Matches that raise the similarity come first, strongest first; then those that lower
        it, whose relevance and share are negative; then those that do neither, 0. Share is of all matches' magnitude.
        """
        try:
            photos = [
                self._photo(photograph_a, "a", box_a, theta_a, mirrored_a),
                self._photo(photograph_b, "b", box_b, theta_b, mirrored_b),
            ]
            chosen = self.app_state.model(model)
            own: dict[str, str] = {"cells": cells, "start": start, "residual": residual, "batchnorm": batchnorm}
            own |= {"positions": positions, "strength": strength}
            given = {name: value for name, value in own.items() if value != CHOICES[name][0]}
            options = replace(published(preset), **given)
            request = Request(photos[0].ref, photos[1].ref, model, layer or chosen.default_layer, options)
            pair = pair_of(*photos)
            explanation = self.app_state.explain(request, pair)
            look = viz.Look(_within(lines, MOST_LINES), _within(colors, MOST_COLORS))
            if figure not in export.FIGURES:
                raise InputError(f"figure is {', '.join(export.FIGURES)}, not {figure!r}.")
            printed, numbers = (self._file(explanation, pair, kind, look) for kind in (figure, "npz"))
        except (InputError, ValueError, TypeError) as error:
            raise gr.Error(str(error).splitlines()[0], print_exception=False) from error
        return summary(explanation, request, pair), printed, numbers

    def _photo(self, file: Any, which: str, box: Any, theta: Any, mirrored: Any) -> Photo:
        """A part of a file that gradio has uploaded. Any other path of this machine is refused."""
        path = file.get("path") if isinstance(file, dict) else getattr(file, "path", None)
        if not path or not Path(path).resolve().is_relative_to(Path(get_upload_folder()).resolve()):
            raise InputError(f"photograph_{which} is no uploaded file: give it as handle_file(path).")
        name = (file.get("orig_name") if isinstance(file, dict) else file.orig_name) or Path(path).name
        photo = self.app_state.shelf.open(path, Path(name).name[:120])
        if box is None and not theta and not mirrored:
            return photo
        image, view = images.load_image(path, box, theta, photo.ref.name, mirrored is True)
        return Photo(replace(photo.ref, digest=images.digest(image)), image, view)

    def _file(self, explanation: Explanation, pair: ImagePair, kind: str, look: viz.Look) -> Any:
        name = export.file_name(explanation, pair, kind)
        path = cached(export.content(explanation, pair, kind, look), name)
        return {**file_data(path), "orig_name": name}


def summary(explanation: Explanation, request: Request, pair: ImagePair) -> dict[str, Any]:
    """A result in numbers, JSON-ready."""
    found = explanation.matches
    total = 0 if found is None else abs(found.relevance).sum()
    a, b = ((), ()) if found is None else _in_photographs(found, pair)
    return {
        "similarity": explanation.similarity,
        "model": request.model,
        "layer": request.layer,
        "seconds": round(explanation.seconds, 2),
        "notes": list(explanation.notes),
        "matches": []
        if found is None
        else [
            {
                "rank": i + 1,
                "relevance": float(found.relevance[i]),
                "share": float(found.relevance[i] / total) if total else 0.0,
                "distance": float(found.distance[i]),
                "a": a[i].tolist(),
                "b": b[i].tolist(),
            }
            for i in range(len(found))
        ],
    }


def _in_photographs(matches: Matches, pair: ImagePair) -> tuple[np.ndarray, np.ndarray]:
    """Places (N, 2) x/y of matches, in pixels of the photographs as their files hold them."""
    return pair.view0.to_photograph(matches.keypoints0), pair.view1.to_photograph(matches.keypoints1)


def _within(value: Any, most: int) -> int:
    number = int(value)
    if not 0 <= number <= most:
        raise InputError(f"lines are 0 to {MOST_LINES}, colors 0 to {MOST_COLORS}, not {number}.")
    return number
