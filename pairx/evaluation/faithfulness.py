"""How faithful is an explanation to its model? The measures of Hamilton et al. (section 6, A.2) for one pair."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from torch import Tensor

from pairx import images
from pairx.baselines import PairAtLayer, Side, backgrounds, encode_pair
from pairx.baselines.backgrounds import Background
from pairx.core import correspondence
from pairx.methods import cards
from pairx.models import EmbeddingModel
from pairx.types import Explanation, Game, ImagePair, InputError

SHARE = 0.3
"""Of a photograph's pixels: what is blurred, and what is kept where no mask says what to keep."""
CONTROLS = 4
"""Random maps that a control is the mean of."""
Two = tuple[float, float]
Masks = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Faithfulness:
    """What one explanation of a pair is worth. A pair of numbers is one for each photograph; None is what its method
    does not define. Blurred is always by a box of 25 x 25 pixels of the model's input.

    drop: by how much the cosine falls, -2 to 2, when the 30 % of the pixels with the highest values of a photograph's
    map are blurred and the other photograph stays whole (first-order faithfulness; higher is better). Maps are enlarged
    bilinearly; of equal values, those where a random field is higher go first, so that it is exactly 30 %. random_drop:
    the control, the same for maps of one random number a cell of the layer, mean of 4.

    kept: the cosine, -1 to 1, that is left when a mask in one photograph is kept, and in the other as many pixels as
    its own mask has, those that the tensor makes the mask's strongest partners; the rest of both is blurred
    (second-order faithfulness; higher is better). The first number has its query in photograph 0. The paper's masks are
    of objects. Where none are given, a query is the 30 % of the pixels with the highest values of its photograph's map,
    and 30 % of the partner are kept, so the number depends on the map, too. random_kept: the control, with partners by
    the random maps. iou: of the partners with the partner's mask, 0 to 1, only where masks are given; mean_iou: the
    mean of that and of the same for all other pixels.

    inefficiency: `|sum of the map - (v(all) - v(none))|`, v(all) the similarity and v(none) what is left of it with
    every place absent, as the method's `Game` says; its own background, or the blurred photograph where it has none.
    pair_inefficiency: the same for the tensor, every place of both photographs absent. relative_…: over
    `|v(all) - v(none)|`, which is large where next to nothing goes with every place.
    """

    drop: Two | None = None
    random_drop: Two | None = None
    kept: Two | None = None
    random_kept: Two | None = None
    iou: Two | None = None
    mean_iou: Two | None = None
    inefficiency: Two | None = None
    relative_inefficiency: Two | None = None
    pair_inefficiency: float | None = None
    relative_pair_inefficiency: float | None = None


def faithfulness(
    model: EmbeddingModel,
    pair: ImagePair,
    explanation: Explanation,
    masks: Masks | None = None,
    background: np.ndarray | None = None,
    seed: int = 0,
) -> Faithfulness:
    """How faithful an explanation of this pair is to the model: some 20 forwards.

    masks: (H, W) bool over each image of the pair, what `kept` projects. background: the photograph (H, W, 3) uint8
    that the explanation was made with, if it was. seed: of the random maps. Raises InputError where the explanation is
    of another model or background, and for masks that do not fit.
    """
    if explanation.settings.get("model_key") != model.key:
        raise InputError(f"This explanation is of another model than {model.name}. Explain the pair again.")
    at = encode_pair(model, pair, explanation.settings["layer"])
    found = Faithfulness()
    fields = [_random_fields(side, seed) for side in at.sides]
    if explanation.map0 is not None and explanation.map1 is not None:
        maps = [_enlarged(one, model.size) for one in (explanation.map0, explanation.map1)]
        drop, random_drop = _drops(at, maps, fields)
        found = replace(found, drop=drop, random_drop=random_drop)
        if explanation.tensor is not None:
            queries = _queries(at, maps, fields, masks)
            found = _with_keeps(found, at, explanation.tensor, queries, fields, masks is not None)
    return inefficiency_of(at, explanation, background, found)


def inefficiency_of(
    at: PairAtLayer,
    explanation: Explanation,
    background: np.ndarray | None = None,
    found: Faithfulness = Faithfulness(),
) -> Faithfulness:
    """What was found, and the inefficiencies, of an explanation of this pair; none where its method promises no sum."""
    card = cards().get(explanation.method)
    if card is None or card.game is None:
        return found
    return _with_inefficiencies(found, at, card.game, explanation, background)


def _two(numbers: Iterable[float]) -> Two:
    first, second = numbers
    return first, second


def most_attributed(values: np.ndarray, among_equals: np.ndarray, share: float = SHARE) -> np.ndarray:
    """(H, W) bool: exactly this share of the pixels of a map (H, W), the highest; of equal ones those where
    `among_equals` (H, W) is higher.
    """
    chosen = np.zeros(values.size, bool)
    chosen[np.lexsort((-among_equals.ravel(), -values.ravel()))[: round(share * values.size)]] = True
    return chosen.reshape(values.shape)


def _enlarged(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(values.astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR)


def _random_fields(side: Side, seed: int) -> list[np.ndarray]:
    """(height, width) maps of one random number a cell; the first settles ties."""
    grids = np.random.default_rng(seed).standard_normal((1 + CONTROLS, *side.model.layer(side.layer).grid))
    return [_enlarged(one, side.model.size) for one in grids]


def _drops(at: PairAtLayer, maps: list[np.ndarray], fields: list[list[np.ndarray]]) -> tuple[Two, Two]:
    drops = []
    for side, one, (ties, *random) in zip(at.sides, maps, fields, strict=True):
        blurred = np.stack([most_attributed(values, ties) for values in (one, *random)])
        drops.append(at.similarity - side.cosine(seen(side, ~blurred)).double().cpu().numpy())
    return _two(float(one[0]) for one in drops), _two(float(one[1:].mean()) for one in drops)


@torch.no_grad()
def seen(side: Side, kept: np.ndarray) -> Tensor:
    """(N, D) embeddings of a photograph, blurred but for masks (N, height, width)."""
    shown = torch.from_numpy(kept)[:, None].to(side.x.device)
    return side.embed(torch.where(shown, side.x, backgrounds.of_pixels(side, "blur")))


def _queries(
    at: PairAtLayer, maps: list[np.ndarray], fields: list[list[np.ndarray]], masks: Masks | None
) -> list[np.ndarray]:
    """(height, width) bool masks of both photographs: those given, or their most attributed pixels."""
    if masks is None:
        return [most_attributed(one, ties[0]) for one, ties in zip(maps, fields, strict=True)]
    queries = []
    for mask, image in zip(masks, (at.pair.image0, at.pair.image1), strict=True):
        if mask.shape != image.shape[:2]:
            raise InputError(f"A mask of {mask.shape} does not fit its image of {image.shape[:2]}.")
        queries.append(at.model.preprocessing.framed_mask(mask))
        if not queries[-1].any():
            raise InputError("A mask marks nothing that the model sees. Give one that marks a part of its image.")
    return queries


def _with_keeps(
    found: Faithfulness,
    at: PairAtLayer,
    tensor: np.ndarray,
    queries: list[np.ndarray],
    fields: list[list[np.ndarray]],
    true: bool,
) -> Faithfulness:
    """Second-order faithfulness, from photograph 0 and from photograph 1. true: whether the queries are true masks."""
    kept, random, overlaps = [], [], []
    for number, (side, other) in enumerate((at.sides, at.sides[::-1])):
        query, truth = queries[number], queries[1 - number]
        grid = tensor.shape[:2] if number == 0 else tensor.shape[2:]
        cells = correspondence.partners(tensor, correspondence.in_mask(query, grid), number)
        projected = correspondence.highest(cells, truth.shape, int(truth.sum()))
        ties, *controls = fields[1 - number]
        drawn = [most_attributed(control, ties, truth.mean()) for control in controls]
        e, f = seen(side, query[None]), seen(other, np.stack([projected, *drawn]))
        cosines = torch.nn.functional.cosine_similarity(e.double(), f.double()).cpu().numpy()
        kept.append(float(cosines[0]))
        random.append(float(cosines[1:].mean()))
        overlaps.append([_iou(projected, truth), _iou(~projected, ~truth)])
    found = replace(found, kept=_two(kept), random_kept=_two(random))
    if not true:
        return found
    return replace(found, iou=_two(one for one, _ in overlaps), mean_iou=_two(sum(both) / 2 for both in overlaps))


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / max(1, (a | b).sum()))


@torch.no_grad()
def _with_inefficiencies(
    found: Faithfulness, at: PairAtLayer, game: Game, explanation: Explanation, background: np.ndarray | None
) -> Faithfulness:
    told = explanation.metrics
    absent = _background(game, explanation, background)
    without = None if game.players == "all" else [_embedding_without(side, game, absent) for side in at.sides]
    norm = explanation.settings.get("norm", game.norm)
    if game.singles and explanation.map0 is not None and explanation.map1 is not None:
        gaps, wholes = [], []
        for number, (side, shares) in enumerate(zip(at.sides, (explanation.map0, explanation.map1), strict=True)):
            score = side.cosine if norm else side.product
            left = 0.0 if without is None else told.get(f"left{number}", float(score(without[number][None])))
            total = shares.sum(dtype=np.float64)
            wholes.append(abs(at.similarity - left))
            gaps.append(abs(float(total) + told.get(f"elsewhere{number}", 0.0) - (at.similarity - left)))
        relative = _two(gap / max(whole, 1e-12) for gap, whole in zip(gaps, wholes, strict=True))
        found = replace(found, inefficiency=_two(gaps), relative_inefficiency=relative)
    if game.pairs and explanation.tensor is not None:
        left = 0.0 if without is None else told.get("left", _product_of(at, without, norm))
        total = explanation.tensor.sum(dtype=np.float64) + told.get("elsewhere", 0.0)
        gap = abs(total - (at.similarity - left))
        share = float(gap / max(abs(at.similarity - left), 1e-12))
        found = replace(found, pair_inefficiency=float(gap), relative_pair_inefficiency=share)
    return found


def _background(game: Game, explanation: Explanation, background: np.ndarray | None) -> Background:
    """The one that the explanation was made with."""
    chosen = explanation.settings.get("background") or game.background
    if chosen in backgrounds.BACKGROUNDS:
        return chosen
    if background is None or images.digest(background) != chosen:
        raise InputError("This explanation has a photograph as its background. Give the same one.")
    return background


def _embedding_without(side: Side, game: Game, background: Background) -> Tensor:
    """(D,) with every place absent."""
    if game.players == "pixels":
        return side.embed(backgrounds.of_pixels(side, background)[None])[0]
    return side.head(backgrounds.of_features(side, background)[None])[0]


def _product_of(at: PairAtLayer, embeddings: list[Tensor], norm: bool) -> float:
    """Cosine of two embeddings, or their product over the lengths of the pair's own."""
    lengths = embeddings if norm else [side.embedding for side in at.sides]
    e, f = (one.double() for one in embeddings)
    return float(e @ f / (lengths[0].double().norm() * lengths[1].double().norm()).clamp(min=1e-12))
