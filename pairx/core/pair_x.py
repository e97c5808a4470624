"""PAIR-X, step by step: match features, weigh the matches by relevance, paint the strongest into the pixels."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch

from pairx import images, lrp
from pairx.core.matching import mutual_nearest
from pairx.models import EmbeddingModel, EncodedPair
from pairx.types import (
    NOTHING_RAISES,
    Explanation,
    Game,
    ImagePair,
    InputError,
    Matches,
    MethodCard,
    Step,
    View,
)

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
    game=Game("all"),
)

CELLS = ("signed", "abs_of_sum", "sum_of_abs")
STARTS = ("activation", "relevance")
MOST_COLORS = 40
VERSION = 3  # of the maths: raised whenever the same settings give another result


@dataclass(frozen=True)
class Options:
    """What the result depends on beside model, layer and photographs.

    k_colors: matches that get a pixel map, 0 to 40: of those that raise the similarity, or where none does, of those
    that lower it. k_lines: matches drawn as lines where no look says otherwise; all
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
    total = 2 + len(layers) * (1 + 2 * options.k_colors)
    yield Step(0, total, "reading the photographs")
    chosen = [model.layer(name).name for name in layers]
    yield Step(1, total, "recording the photographs")
    with ExitStack() as stack:
        images = (pair.image0, pair.image1)
        recordings = [
            stack.enter_context(one)
            for one in lrp.in_threads(lambda image: record(model, image, chosen, options), images, 2, model.device)
        ]
        encoded = encode(model, pair, recordings, chosen)
        weighed = []
        for done, layer in enumerate(chosen, 2):
            yield Step(done, total, f"weighing the matches at {layer}")
            weighed.append(weigh(encoded, recordings, layer, options))
        painted = [Painted(model.size, min(options.k_colors, evidence(one.matches))) for one in weighed]
        done = 2 + len(layers)
        for side, recording in enumerate(recordings):
            recording.keep([model.path(layer) for layer in chosen if options.k_colors])
            for one, onto in zip(weighed, painted, strict=True):
                for index in paint(encoded, recording, side, one, onto, options):
                    yield Step(done, total, f"painting match {index + 1}")
                    done += 1
            recording.keep([])
        explanations = [explanation(encoded, one, onto, options) for one, onto in zip(weighed, painted, strict=True)]
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
        for (one,) in scored:
            explanations.append(one)
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
                return scored_pair(model, (query, candidate), (recorded, other), chosen, options)

        with closing(lrp.in_threads(score, candidates, torch.get_num_threads(), model.device)) as scored:
            yield from scored


def scored_pair(
    model: EmbeddingModel,
    photographs: Sequence[np.ndarray],
    recordings: Sequence[lrp.Recording],
    layers: Sequence[str],
    options: Options,
) -> list[Explanation]:
    """One `Explanation` a layer of two recorded photographs (H, W, 3), of which only the sizes matter; nothing is
    painted.
    """
    views = (View.whole(image.shape[1], image.shape[0]) for image in photographs)
    encoded = encode(model, ImagePair(*photographs, "", "", *views), recordings, layers)
    weighed = [weigh(encoded, recordings, layer, options) for layer in layers]
    return [explanation(encoded, one, Painted(model.size, 0), options) for one in weighed]


def record(model: EmbeddingModel, image: np.ndarray, layers: Sequence[str], options: Options) -> lrp.Recording:
    """One photograph's way through the model, ready for relevance of the layers, and of the pixels where the options
    ask for pixel maps. image: (H, W, 3) uint8 RGB.
    """
    x = model.preprocessing(image)[None].to(model.device)
    policy = lrp.Policy(options.residual, options.batchnorm, options.composite)
    paths, pixels = [model.path(layer) for layer in layers], options.k_colors > 0
    return lrp.record(model.module, x, paths, policy, options.engine, pixels=pixels)


def encode(
    model: EmbeddingModel, pair: ImagePair, recordings: Sequence[lrp.Recording], layers: Sequence[str]
) -> EncodedPair:
    """What the two recordings saw of the pair."""
    activations = {
        layer: torch.cat([model.to_grid(recording.activations[model.path(layer)]) for recording in recordings])
        for layer in layers
    }
    return EncodedPair(model, pair, torch.stack([recording.output for recording in recordings]), activations)


@dataclass(frozen=True)
class Weighed:
    """A layer's matches. relevances: of the layer's output in each photograph; cells: (h, w) of each's cells."""

    layer: str
    relevances: list[torch.Tensor]
    cells: list[torch.Tensor]
    matches: Matches
    seconds: float


class Painted:
    """Pixel maps (k, size, size) of each photograph for one layer's first k matches, and how long they took."""

    def __init__(self, size: int, k: int) -> None:
        self.maps = [np.zeros((k, size, size), np.float32) for _ in (0, 1)]
        self.seconds = 0.0


def weigh(encoded: EncodedPair, recordings: Sequence[lrp.Recording], layer: str, options: Options) -> Weighed:
    """Relevance of a layer in both photographs, and the matches that it weighs."""
    model, started = encoded.model, time.perf_counter()
    seed, path = lrp.seed(*encoded.embeddings)[None], model.path(layer)
    swept = lrp.in_threads(lambda recording: recording.relevance(path, seed)[0], recordings, 2, model.device)
    relevances = list(swept)
    cells = [aggregate(model.to_grid(relevance)[0], options.cells) for relevance in relevances]
    matches = match(encoded, layer, cells)
    return Weighed(layer, relevances, cells, matches, time.perf_counter() - started)


def paint(
    encoded: EncodedPair, recording: lrp.Recording, side: int, weighed: Weighed, painted: Painted, options: Options
) -> Iterator[int]:
    """Fill the pixel maps of one photograph, and say after each which it was."""
    if not len(painted.maps[side]):
        return
    model, started = encoded.model, time.perf_counter()
    like, cells = weighed.relevances[side], (weighed.matches.cells0, weighed.matches.cells1)[side]
    activation = options.start == "activation"
    source = encoded.activations[weighed.layer][side] if activation else model.to_grid(like)[0]
    signals = [only_cell(source, cell) for cell in cells[: len(painted.maps[side])]]
    seeds = torch.stack([model.from_grid(signal[None], like=like) for signal in signals])
    with closing(recording.pixels(model.path(weighed.layer), seeds)) as pixels:
        for index, relevance in enumerate(pixels):
            painted.maps[side][index] = relevance.sum(0).float().cpu().numpy()
            yield index
    painted.seconds += time.perf_counter() - started


def explanation(encoded: EncodedPair, weighed: Weighed, painted: Painted, options: Options) -> Explanation:
    """What was found at one layer."""
    map0, map1 = (cell.float().cpu().numpy() for cell in weighed.cells)
    about, seconds = settings(encoded.model, weighed.layer, options), weighed.seconds + painted.seconds
    return Explanation(
        CARD.name,
        encoded.similarity,
        map0,
        map1,
        weighed.matches,
        *painted.maps,
        settings=about,
        seconds=seconds,
        notes=nothing_raises(weighed.matches),
    )


def aggregate(relevance: torch.Tensor, cells: str) -> torch.Tensor:
    """Relevance (C, h, w) of a layer to that of its cells (h, w). cells: "signed", "abs_of_sum" or "sum_of_abs"."""
    if cells == "sum_of_abs":
        return relevance.abs().sum(0)
    summed = relevance.sum(0)
    return summed.abs() if cells == "abs_of_sum" else summed


def match(encoded: EncodedPair, layer: str, cells: Sequence[torch.Tensor]) -> Matches:
    """All mutual nearest neighbours of a layer's features, in the order of `Matches`, weighed by `for_and_against`."""
    a, b = encoded.activations[layer]
    (h0, w0), (h1, w1) = a.shape[1:], b.shape[1:]
    descriptors0, descriptors1 = a.flatten(1).T, b.flatten(1).T
    index0, index1 = mutual_nearest(descriptors0, descriptors1)
    own = [one.flatten()[index].double() for one, index in zip(cells, (index0, index1), strict=True)]
    relevance, order = for_and_against(*own)
    distance = (descriptors0[index0] - descriptors1[index1]).double().norm(dim=1)
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


def for_and_against(relevance0: torch.Tensor, relevance1: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """What matches say of the similarity (N,), from the relevances of their two cells (N,) each, and their order.

    The product of the two (eq. 1), which is positive where both cells lower the similarity, too: there it is taken with
    a minus. Where one cell raises and the other lowers, the photographs disagree, and the match says nothing: 0. First
    in the order come the matches that raise the similarity, then those that lower it, the strongest of each first, then
    the rest.
    """
    product = relevance0 * relevance1
    relevance = (product * relevance0.sign()).where(product > 0, 0)
    strongest = torch.argsort(product, descending=True, stable=True)
    kind = torch.where(relevance > 0, 0, torch.where(relevance < 0, 1, 2))
    return relevance, strongest[torch.argsort(kind[strongest], stable=True)]


def evidence(matches: Matches) -> int:
    """How many of the first matches say the same: they raise the similarity, or where none does, they lower it."""
    return matches.raising or matches.lowering


def nothing_raises(matches: Matches) -> tuple[str, ...]:
    """The note for a reader of matches of which none speaks for the similarity."""
    if matches.raising or not len(matches):
        return ()
    undecided = len(matches) - matches.lowering
    others = f", and on the other {undecided} the photographs disagree" if undecided else ""
    return (f"{NOTHING_RAISES}: of {len(matches)} matches, {matches.lowering} join places that both lower it{others}.",)


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
