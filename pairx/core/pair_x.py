"""PAIR-X, step by step: match features, weigh the matches by relevance, paint the strongest into the pixels."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch

from pairx import lrp
from pairx.core.evidence import AGREED, UNSIGNED, evidence, nothing_raises
from pairx.core.matching import match
from pairx.core.options import CARD, DEFAULTS, VERSION, Options
from pairx.lrp import belief
from pairx.models import EmbeddingModel, EncodedPair
from pairx.types import Computation, Explanation, ImagePair, Matches, Step, View


def explain_steps(
    model: EmbeddingModel,
    pair: ImagePair,
    layers: Sequence[str],
    options: Options = DEFAULTS,
    recorded: Sequence[lrp.Recording] = (),
) -> Computation[list[Explanation]]:
    """PAIR-X of a pair at each of the layers.

    recorded: what `record` made of both photographs for other pairs, too, which is left as it is; by default they are
    recorded here. A generator of `Step`s, so that a caller shows progress and may stop between them; its return value
    is one `Explanation` a layer, in the order given. `map0`, `map1`: (h, w) relevance of the cells. Raises InputError
    for an unknown layer and for a model with an operation that has no relevance rule.
    """
    total = 2 + len(layers) * (1 + 2 * options.k_colors)
    yield Step(0, total, "reading the photographs")
    chosen = [model.layer(name).name for name in layers]
    yield Step(1, total, "recording the photographs")
    with ExitStack() as stack:
        images = (pair.image0, pair.image1)
        recordings = recorded or [
            stack.enter_context(one)
            for one in lrp.in_threads(lambda image: record(model, image, chosen, options), images, 2, model.device)
        ]
        encoded = encode(model, pair, recordings, chosen)
        weighed = []
        for done, layer in enumerate(chosen, 2):
            yield Step(done, total, f"weighing the matches at {layer}")
            weighed.append(weigh(encoded, recordings, layer, options, True, not recorded and len(chosen) == 1))
        painted = [Painted(model.size, min(options.k_colors, evidence(one.matches))) for one in weighed]
        done = 2 + len(layers)
        for recording in () if recorded else recordings:
            recording.keep([model.path(layer) for layer in chosen if options.k_colors])
        for side, recording in enumerate(recordings):
            for one, onto in zip(weighed, painted, strict=True):
                for index in paint(encoded, recording, side, one, onto, options):
                    yield Step(done, total, f"painting match {index + 1}")
                    done += 1
            if not recorded:
                recording.keep([])
        explanations = [explanation(encoded, one, onto, options) for one, onto in zip(weighed, painted, strict=True)]
    yield Step(total, total, "done")
    return explanations


def score_steps(
    model: EmbeddingModel, query: np.ndarray, candidates: Sequence[np.ndarray], layer: str, options: Options = DEFAULTS
) -> Computation[list[Explanation]]:
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
    options: Options = DEFAULTS,
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
    image0, image1 = photographs
    view0, view1 = (View.whole(image.shape[1], image.shape[0]) for image in photographs)
    encoded = encode(model, ImagePair(image0, image1, "", "", view0, view1), recordings, layers)
    weighed = [weigh(encoded, recordings, layer, options) for layer in layers]
    return [explanation(encoded, one, Painted(model.size, 0), options) for one in weighed]


def record(model: EmbeddingModel, image: np.ndarray, layers: Sequence[str], options: Options) -> lrp.Recording:
    """One photograph's way through the model, ready for relevance of the layers, and of the pixels where the options
    ask for pixel maps. image: (H, W, 3) uint8 RGB.
    """
    x = model.preprocessing(image)[None].to(model.device)
    paths, pixels = [model.path(layer) for layer in layers], options.k_colors > 0
    return lrp.record(model.module, x, paths, options.policy, options.engine, pixels=pixels)


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
    """A layer's matches. relevances: of the layer's output in each photograph; cells: (h, w) of each's cells. beliefs:
    how far each can be believed.
    """

    layer: str
    relevances: list[torch.Tensor]
    cells: list[torch.Tensor]
    matches: Matches
    beliefs: list[belief.Belief]
    seconds: float


class Painted:
    """Pixel maps (k, height, width) of each photograph for one layer's first k matches, how far relevance grew
    at most on its way to them, how much of the first's was lost, where that is known, and how long they took.
    """

    def __init__(self, size: tuple[int, int], k: int) -> None:
        self.maps = [np.zeros((k, *size), np.float32) for _ in (0, 1)]
        self.growths = [0.0, 0.0]
        self.errors: list[float | None] = [None, None]
        self.seconds = 0.0

    def __len__(self) -> int:
        return len(self.maps[0])


def seed(encoded: EncodedPair, side: int, options: Options) -> torch.Tensor:
    """Where relevance starts in one photograph (D,)."""
    return lrp.seed(encoded.embeddings[side], encoded.embeddings[1 - side], options.seed)


def weigh(
    encoded: EncodedPair,
    recordings: Sequence[lrp.Recording],
    layer: str,
    options: Options,
    booked: bool = False,
    last: bool = False,
) -> Weighed:
    """Relevance of a layer in both photographs, and the matches that it weighs. booked: whether to keep accounts. last:
    see `pairx.lrp.Recording.relevance`.
    """
    model, started = encoded.model, time.perf_counter()
    path, seeds = model.path(layer), [seed(encoded, side, options) for side in (0, 1)]

    def sweep(side: int) -> tuple[torch.Tensor, float | None]:
        account = lrp.Account() if booked and options.policy.conserves else None
        relevance = recordings[side].relevance(path, seeds[side][None], account, last)[0]
        return relevance, None if account is None else belief.error_in(account)

    swept = list(lrp.in_threads(sweep, (0, 1), 2, model.device))
    relevances = [relevance for relevance, _ in swept]
    cells = [aggregate(model.to_grid(relevance)[0], options.cells) for relevance in relevances]
    beliefs = [
        believed(model, relevance, cell, start, error)
        for (relevance, error), cell, start in zip(swept, cells, seeds, strict=True)
    ]
    matches = match(encoded, layer, cells, options.positions, options.strength)
    return Weighed(layer, relevances, cells, matches, beliefs, time.perf_counter() - started)


def believed(
    model: EmbeddingModel, relevance: torch.Tensor, cells: torch.Tensor, seed: torch.Tensor, error: float | None
) -> belief.Belief:
    """How far the relevance of a layer's output can be believed, of which `cells` (h, w) are shown."""
    others = relevance - model.from_grid(model.to_grid(relevance), like=relevance)
    return belief.believed(cells, seed, error, others.sum(-1) if others.any() else None)


def paint(
    encoded: EncodedPair, recording: lrp.Recording, side: int, weighed: Weighed, painted: Painted, options: Options
) -> Iterator[int]:
    """Fill the pixel maps of one photograph, and say after each which it was."""
    if not len(painted):
        return
    model, started = encoded.model, time.perf_counter()
    like, cells = weighed.relevances[side], (weighed.matches.cells0, weighed.matches.cells1)[side]
    activation = options.start == "activation"
    source = encoded.activations[weighed.layer][side] if activation else model.to_grid(like)[0]
    signals = [only_cell(source, cell) for cell in cells[: len(painted)]]
    seeds = torch.stack([model.from_grid(signal[None], like=like) for signal in signals])
    account = lrp.Account() if options.policy.conserves else None
    with closing(recording.pixels(model.path(weighed.layer), seeds, account)) as pixels:
        for index, relevance in enumerate(pixels):
            summed = relevance.sum(0)
            painted.growths[side] = max(painted.growths[side], belief.growth(summed, seeds[index]))
            shown = summed.abs() if options.pixels == "absolute" else summed
            painted.maps[side][index] = shown.float().cpu().numpy()
            yield index
    painted.errors[side] = None if account is None else belief.error_in(account)
    painted.seconds += time.perf_counter() - started


def explanation(encoded: EncodedPair, weighed: Weighed, painted: Painted, options: Options) -> Explanation:
    """What was found at one layer, and what a reader has to know of it."""
    map0, map1 = (cell.float().cpu().numpy() for cell in weighed.cells)
    about, seconds = settings(encoded.model, weighed.layer, options), weighed.seconds + painted.seconds
    unbelievable = belief.withheld([one.growth for one in weighed.beliefs], options.policy, weighed.layer)
    unpainted = belief.withheld(painted.growths, options.policy, "the pixels")
    said = (unbelievable,) if unbelievable else nothing_raises(weighed.matches)
    said += () if options.cells == "signed" else (UNSIGNED,)
    said += () if options.strength == "relevance" else (AGREED,)
    return Explanation(
        CARD.name,
        encoded.similarity,
        map0,
        map1,
        weighed.matches,
        painted.maps[0],
        painted.maps[1],
        metrics=measured(weighed, painted),
        settings=about,
        seconds=seconds,
        notes=(
            *said,
            *belief.notes(weighed.beliefs, options.policy, painted.errors),
            *filter(None, [unpainted]),
        ),
        withheld=unbelievable,
        withheld_pixels=unbelievable or unpainted,
        extent0=encoded.model.extent(encoded.pair.image0),
        extent1=encoded.model.extent(encoded.pair.image1),
    )


def measured(weighed: Weighed, painted: Painted) -> dict[str, float]:
    """The numbers of both photographs' `Belief` and, where pixel maps were painted, `pixel_growth`, the most of a map,
    and `pixel_error`.
    """
    found: dict[str, float] = {}
    for side, one in enumerate(weighed.beliefs):
        found |= one.metrics(side)
        if len(painted):
            found[f"pixel_growth{side}"] = painted.growths[side]
        if len(painted) and (error := painted.errors[side]) is not None:
            found[f"pixel_error{side}"] = error
    return found


def aggregate(relevance: torch.Tensor, cells: str) -> torch.Tensor:
    """Relevance (C, h, w) of a layer to that of its cells (h, w). cells: "signed", "abs_of_sum" or "sum_of_abs"."""
    if cells == "sum_of_abs":
        return relevance.abs().sum(0)
    summed = relevance.sum(0)
    return summed.abs() if cells == "abs_of_sum" else summed


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
        "size": list(model.size),
        "layer": layer,
        "stride": found.stride,
        "grid": list(found.grid),
    }
    return {**about, **asdict(options), "version": VERSION}
