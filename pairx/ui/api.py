"""The endpoint for programs: two photographs in, similarity, matches and files out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import gradio as gr
from gradio.utils import get_upload_folder

from pairx import viz
from pairx.types import Explanation, ImagePair, InputError
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
    ) -> tuple[dict, gr.FileData, gr.FileData]:
        """Explain why a model finds two photographs similar (PAIR-X).

        photograph_a, photograph_b: files, given as handle_file(path). model: a registered name. layer: "" is the
        model's recommended one. lines, colors: matches drawn as lines and traced to pixels. cells, start, residual,
        batchnorm: see the app's About tab and `pairx.explain`. figure: the kind of figure file. preset: all options as
        published, by the paper, its authors' public code or WildMe's package; those given go before it.

        Returns a summary {"similarity", "model", "layer", "seconds", "notes": [text], "matches": [{"rank", "relevance",
        "share", "distance", "a": [x, y], "b": [x, y]}]}, the figure, and the raw values as .npz. Positions are in
        pixels of the photographs. Matches that raise the similarity come first, strongest first; then those that lower
        it, whose relevance and share are negative; then those that do neither, 0. Share is of all matches' magnitude.
        """
        try:
            photos = [self._photo(photograph_a, "a"), self._photo(photograph_b, "b")]
            chosen = self.app_state.model(model)
            own = {"cells": cells, "start": start, "residual": residual, "batchnorm": batchnorm}
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
        return summary(explanation, request), printed, numbers

    def _photo(self, file: Any, which: str) -> Photo:
        """A file that gradio has uploaded or fetched. Any other path of this machine is refused."""
        path = file.get("path") if isinstance(file, dict) else getattr(file, "path", None)
        if not path or not Path(path).resolve().is_relative_to(Path(get_upload_folder()).resolve()):
            raise InputError(f"photograph_{which} is no uploaded file: give it as handle_file(path).")
        name = (file.get("orig_name") if isinstance(file, dict) else file.orig_name) or Path(path).name
        return self.app_state.shelf.open(path, Path(name).name[:120])

    def _file(self, explanation: Explanation, pair: ImagePair, kind: str, look: viz.Look) -> Any:
        name = export.file_name(explanation, pair, kind)
        path = cached(export.content(explanation, pair, kind, look), name)
        return {**file_data(path), "orig_name": name}


def summary(explanation: Explanation, request: Request) -> dict[str, Any]:
    """A result in numbers, JSON-ready."""
    found = explanation.matches
    total = 0 if found is None else abs(found.relevance).sum()
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
                "a": found.keypoints0[i].tolist(),
                "b": found.keypoints1[i].tolist(),
            }
            for i in range(len(found))
        ],
    }


def _within(value: Any, most: int) -> int:
    number = int(value)
    if not 0 <= number <= most:
        raise InputError(f"lines are 0 to {MOST_LINES}, colors 0 to {MOST_COLORS}, not {number}.")
    return number
