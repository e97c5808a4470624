"""Which layer to evaluate a model at (PAIR-X, B.4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pairx.datasets import Dataset
from pairx.evaluation.remarks import layer_sentence
from pairx.evaluation.run import evaluate_steps
from pairx.evaluation.store import CHOICE, refuse_others
from pairx.models import EmbeddingModel
from pairx.types import Computation, InputError

PAIRS = 500
MOST_CELLS = 64**2  # of a layer: finer ones see specks, and comparing all their cells takes long


def choose_layer_steps(
    dataset: Dataset, model: EmbeddingModel, out: str | Path, split: str = "train", **options: Any
) -> Computation[str]:
    """The layer at which the inverted residual mean follows the similarity best: the highest rho (PAIR-X, B.4).

    Over 500 pairs of a split, which is query and gallery, half of them correct; of the model's layers with at most
    64 x 64 cells. out: the folder of the run that the layer is for, in which `layers` holds the run that it is chosen
    by. options: of `evaluate_steps`. A generator of `Step`s. Raises InputError where there is no such split, and where
    no layer is coarse enough or has a rho.
    """
    layers = [layer.name for layer in model.layers if layer.grid[0] * layer.grid[1] <= MOST_CELLS]
    if not layers:
        raise InputError(f"{model.name} has no layer with at most {MOST_CELLS} cells to choose from. Name a layer.")
    refuse_others(Path(out))
    run = yield from evaluate_steps(
        dataset,
        model,
        out=Path(out) / CHOICE,
        layers=layers,
        pairs=PAIRS,
        query_split=split,
        gallery_split=split,
        **options,
    )
    if run.summary["best_layer"] is None:
        raise InputError(
            f"No layer can be chosen: of the {run.summary['pairs']} pairs of {split}, too few have a transform. "
            "Name a layer."
        )
    return run.summary["best_layer"]


def choice_sentence(summary: dict[str, Any], split: str) -> str:
    """What a layer was chosen on, and how sure that is. summary: of the run that it was chosen by."""
    sure = layer_sentence(summary) or "it is the only layer that is coarse enough"
    return f"layer {summary['best_layer']}, chosen on {summary['pairs']} pairs of {split}: {sure}"
