"""PAIR-X, step by step: match features, weigh the matches by relevance, paint the best ones into the pixels."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch

from pairx import images, lrp
from pairx.core.matching import mutual_nearest
from pairx.models import EmbeddingModel, EncodedPair
from pairx.types import Explanation, ImagePair, InputError, Matches, MethodCard, Step, View

CARD = MethodCard(
    name="pair-x",
    title="PAIR-X",
    family="pairwise matching",
    summary="Matches the model's mid-level features between the two photographs, weighs each match by its relevance "
    "for the similarity, and paints the strongest matches back into the pixels.",
    paper="Shrack, Haucke, Salaün, Subramonian, Beery: Pairwise Matching of Intermediate Representations for "
    "Fine-grained Explainability",
    equation="section 3, eq. 1 and 2",
    license="MIT",
    needs=("both photographs", "activations", "relevance"),
    symmetric=True,
    cost="1 forward of each photograph and 2 + 2 k_colors relevance passes",
)

CELLS = ("signed", "abs_of_sum", "sum_of_abs")
STARTS = ("activation", "relevance")
MOST_COLORS = 40
VERSION = 2  # of the maths: raised whenever the same settings give another result


@dataclass(frozen=True)
class Options:
    """What the result depends on beside model, layer and photographs.

    k_colors: matches that get a pixel map, 0 to 40. k_lines: matches drawn as lines where no look says otherwise; all
    matches are in the result. cells: how a cell's channels add up to its relevance: "signed" sum as in the paper (eq.
    1), "abs_of_sum" or "sum_of_abs" as in the two public codes. start: pixel maps propagate from the cell's
    "activation" as in the paper (eq. 2; shows its receptive field) or from its "relevance" (shows its contribution).
    residual, batchnorm, composite: see `pairx.lrp.Policy`. engine: see `pairx.lrp.record`.
    """

    k_lines: int = 20
    k_colors: int = 10
    cells: str = "signed"
    start: str = "activation"
    residual: str = "norm"
    batchnorm: str = "merge"
    composite: str = "auto"
    engine: str = "fast"

    def __post_init__(self) -> None:
        choices = {
            "cells": CELLS,
            "start": STARTS,
            "residual": lrp.RESIDUALS,
            "batchnorm": lrp.BATCHNORMS,
            "composite": lrp.COMPOSITES,
            "engine": tuple(lrp.ENGINES),
        }
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise InputError(f"{name} is {' or '.join(known)}, not {getattr(self, name)!r}.")
        if self.k_lines < 0:
            raise InputError(f"k_lines is 0 or more, not {self.k_lines}.")
        if not 0 <= self.k_colors <= MOST_COLORS:
            raise InputError(f"k_colors is 0 to {MOST_COLORS}, not {self.k_colors}.")


def explain_steps(
    model: EmbeddingModel, pair: ImagePair, layers: Sequence[str], options: Options = Options()
) -> Generator[Step, None, list[Explanation]]:
    """PAIR-X of a pair at each of the layers.

    A generator of `Step`s, so that a caller shows progress and may stop between them; its return value is one
    `Explanation` a layer, in the order given. `map0`, `map1`: (h, w) relevance of the cells. Raises InputError for an
    unknown layer and for a model with an operation that has no relevance rule.
    """
    layer_steps = 1 + 2 * options.k_colors
    total = 2 + len(layers) * layer_steps
    yield Step(0, total, "reading the photographs")
    chosen = [model.layer(name).name for name in layers]
    yield Step(1, total, "recording the photographs")
    explanations = []
    with ExitStack() as stack:
        images = (pair.image0, pair.image1)
        recordings = [
            stack.enter_context(one)
            for one in lrp.in_threads(lambda image: record(model, image, chosen, options), images, 2)
        ]
        encoded = encode(model, pair, recordings, chosen)
        for number, layer in enumerate(chosen):
            done = 2 + number * layer_steps
            explanations.append((yield from _explain_layer(encoded, recordings, layer, options, done, total)))
    yield Step(total, total, "done")
    return explanations


def score_steps(
    model: EmbeddingModel, query: np.ndarray, candidates: Sequence[np.ndarray], layer: str, options: Options = Options()
) -> Generator[Step, None, list[Explanation]]:
    """PAIR-X of one query against each candidate, without pixel maps: the query is recorded once for all.

    query, candidates: (H, W, 3) uint8 RGB. A generator of `Step`s; its return value is one `Explanation` a candidate.
    """
    yield Step(0, len(candidates), "recording the query")
    explanations = []
    with closing(score_each(model, query, candidates, [layer], options)) as scored:
        for (explanation,) in scored:
            explanations.append(explanation)
            yield Step(len(explanations), len(candidates), f"scored candidate {len(explanations)}")
    return explanations


def score_each(
    model: EmbeddingModel,
    query: np.ndarray,
    candidates: Iterable[np.ndarray],
    layers: Sequence[str],
    options: Options = Options(),
) -> Generator[list[Explanation], None, None]:
    """As `score_steps`, at several layers: for one candidate after the other, in order, one `Explanation` a layer."""
    options, chosen = replace(options, k_colors=0), [model.layer(layer).name for layer in layers]
    with record(model, query, chosen, options) as recorded:

        def score(candidate: np.ndarray) -> list[Explanation]:
            with record(model, candidate, chosen, options) as other:
                views = (View.whole(image.shape[1], image.shape[0]) for image in (query, candidate))
                recordings = (recorded, other)
                encoded = encode(model, ImagePair(query, candidate, "", "", *views), recordings, chosen)
                return [_finished(_explain_layer(encoded, recordings, layer, options, 0, 1)) for layer in chosen]

        with closing(lrp.in_threads(score, candidates, torch.get_num_threads())) as scored:
            yield from scored


def record(model: EmbeddingModel, image: np.ndarray, layers: Sequence[str], options: Options) -> lrp.Recording:
    """One photograph's way through the model, ready for relevance. image: (H, W, 3) uint8 RGB."""
    x = model.preprocessing(image)[None].to(model.device)
    policy = lrp.Policy(options.residual, options.batchnorm, options.composite)
    return lrp.record(model.module, x, [model.path(layer) for layer in layers], policy, options.engine)


def encode(
    model: EmbeddingModel, pair: ImagePair, recordings: Sequence[lrp.Recording], layers: Sequence[str]
) -> EncodedPair:
    """What the two recordings saw of the pair."""
    activations = {
        layer: torch.cat([model.to_grid(recording.activations[model.path(layer)]) for recording in recordings])
        for layer in layers
    }
    return EncodedPair(model, pair, torch.stack([recording.output for recording in recordings]), activations)


def _explain_layer(
    encoded: EncodedPair, recordings: Sequence[lrp.Recording], layer: str, options: Options, done: int, total: int
) -> Generator[Step, None, Explanation]:
    model, started = encoded.model, time.perf_counter()
    yield Step(done, total, f"weighing the matches at {layer}")
    path = model.path(layer)
    starts = zip(recordings, seeds(encoded), strict=True)
    relevances = list(lrp.in_threads(lambda start: start[0].relevance(path, start[1][None])[0], starts, 2))
    grids = [model.to_grid(relevance)[0] for relevance in relevances]
    cells = [aggregate(grid, options.cells) for grid in grids]
    matches = match(encoded, layer, cells)
    sources = encoded.activations[layer] if options.start == "activation" else grids
    painted = min(options.k_colors, len(matches))
    maps = [np.zeros((painted, model.size, model.size), np.float32) for _ in (0, 1)]
    for side, matched in enumerate((matches.cells0, matches.cells1)):
        signals = [only_cell(sources[side], cell) for cell in matched[:painted]]
        starts = [model.from_grid(signal[None], like=relevances[side]) for signal in signals]
        if not starts:
            break
        with closing(recordings[side].pixels(path, torch.stack(starts))) as pixels:
            for index, relevance in enumerate(pixels):
                yield Step(done + 1 + side * painted + index, total, f"painting match {index + 1}")
                maps[side][index] = relevance.sum(0).float().cpu().numpy()
    map0, map1 = (cell.float().cpu().numpy() for cell in cells)
    about, seconds = settings(model, layer, options), time.perf_counter() - started
    return Explanation(CARD.name, encoded.similarity, map0, map1, matches, *maps, settings=about, seconds=seconds)


def _finished(steps: Generator[Step, None, Explanation]) -> Explanation:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def seeds(encoded: EncodedPair) -> tuple[torch.Tensor, torch.Tensor]:
    """Where relevance starts, for each image: `R_k = e_k f_k / (|e| |f|)` (D,), which sums to the cosine similarity."""
    e, f = encoded.embeddings
    products = e * f / (e.norm() * f.norm()).clamp(min=1e-12)
    return products, products


def aggregate(relevance: torch.Tensor, cells: str) -> torch.Tensor:
    """Relevance (C, h, w) of a layer to that of its cells (h, w). cells: "signed", "abs_of_sum" or "sum_of_abs"."""
    if cells == "sum_of_abs":
        return relevance.abs().sum(0)
    summed = relevance.sum(0)
    return summed.abs() if cells == "abs_of_sum" else summed


def match(encoded: EncodedPair, layer: str, cells: Sequence[torch.Tensor]) -> Matches:
    """All mutual nearest neighbours of a layer's features, most relevant first: the product of their cells' relevances
    (eq. 1).
    """
    a, b = encoded.activations[layer]
    (h0, w0), (h1, w1) = a.shape[1:], b.shape[1:]
    descriptors0, descriptors1 = a.flatten(1).T, b.flatten(1).T
    index0, index1 = mutual_nearest(descriptors0, descriptors1)
    relevance = cells[0].flatten()[index0].double() * cells[1].flatten()[index1].double()
    distance = (descriptors0[index0] - descriptors1[index1]).double().norm(dim=1)
    order = torch.argsort(relevance, descending=True, stable=True)
    cells0, cells1 = (
        torch.stack([index // w, index % w], 1)[order].cpu().numpy() for index, w in ((index0, w0), (index1, w1))
    )
    pair = encoded.pair
    return Matches(
        cells0,
        cells1,
        images.cell_centres(cells0, (h0, w0), (pair.image0.shape[1], pair.image0.shape[0])),
        images.cell_centres(cells1, (h1, w1), (pair.image1.shape[1], pair.image1.shape[0])),
        relevance[order].cpu().numpy(),
        distance[order].cpu().numpy(),
    )


def only_cell(values: torch.Tensor, cell: np.ndarray) -> torch.Tensor:
    """values (C, h, w) with all but one cell (row, column) set to zero (eq. 2)."""
    row, column = cell
    masked = torch.zeros_like(values)
    masked[:, row, column] = values[:, row, column]
    return masked


def settings(model: EmbeddingModel, layer: str, options: Options) -> dict:
    """All that the result depends on beside the photographs, JSON-ready; model_key is a digest of weights and
    preprocessing.
    """
    found = model.layer(layer)
    about = {
        "model": model.name,
        "model_key": model.key,
        "size": model.size,
        "layer": layer,
        "stride": found.stride,
        "grid": list(found.grid),
    }
    return {**about, **asdict(options), "version": VERSION}
