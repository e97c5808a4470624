"""Search activation maps (Hamilton et al.): fair shares of the similarity for the cells of a layer.

The players are places of a layer's feature map; a place that does not take part has its features replaced by a
background's. First order explains one photograph with the other held constant; second order explains pairs of places.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from pairx.baselines import backgrounds, shapley
from pairx.baselines.backgrounds import Background
from pairx.baselines.gradients import on_the_way
from pairx.baselines.pairs import at_most, joined, of_pairs, parts, places
from pairx.baselines.registry import Finding, each_side, method, sides_card, to_map
from pairx.baselines.sides import PairAtLayer, Side
from pairx.baselines.stopping import Reached, Stopping
from pairx.types import Computation, Game, InputError, MethodCard, Step

FAMILY = "Shapley values"
PAPER = "Hamilton et al.: Axiomatic Explanations for Visual Search, Retrieval, and Similarity Learning"
BATCH = 32


@dataclass(frozen=True)
class SamOptions:
    """background: "blur", "mean", "zero", or a photograph (H, W, 3) uint8: features that stand for absent ones."""

    background: Background = "blur"

    def __post_init__(self) -> None:
        backgrounds.check(self.background)


@dataclass(frozen=True)
class SampledOptions(SamOptions, Stopping):
    """background: see `SamOptions`. error: see `Stopping`."""

    def __post_init__(self) -> None:
        SamOptions.__post_init__(self)
        Stopping.__post_init__(self)


@dataclass(frozen=True)
class IgSamOptions(SampledOptions):
    """samples: points on the way from the background to the photograph. norm: whether the similarity is the cosine, or
    `e . f` over the unchanged photographs' norms. error: see `Stopping`.
    """

    samples: int = 100
    norm: bool = True


@dataclass(frozen=True)
class KsamOptions(SampledOptions):
    """players: places along a side of the photograph, cells are joined to so many. samples: coalitions. seed: of the
    sampling. norm, error: see `IgSamOptions`.
    """

    players: int = 7
    samples: int = 5000
    seed: int = 0
    norm: bool = True


@dataclass(frozen=True)
class Ksam2Options(SampledOptions):
    """players, samples, seed, error: see `KsamOptions`; both photographs have so many players along a side."""

    players: int = 5
    samples: int = 40000
    seed: int = 0


def _card(name: str, title: str, summary: str, equation: str, cost: str, **facts: Any) -> MethodCard:
    needs = ("both photographs", "activations", "background")
    return sides_card(
        name=name, title=title, family=FAMILY, summary=summary, paper=PAPER, equation=equation, needs=needs, cost=cost,
        **facts,
    )  # fmt: skip


@method(
    _card(
        "sam",
        "SAM",
        "Correlates the features of the cells, as if the network ended in their mean at this layer.",
        "eq. 3 and eq. 8",
        "1 forward of each photograph and of its background",
        second_order=True,
        game=Game("cells", pairs=True),
        caveat="Ignores the network after the layer: its numbers sum to the cosine of mean features, less "
        "the background's, and not to the similarity.",
    ),
    SamOptions,
)
def sam(at: PairAtLayer, options: SamOptions) -> Computation[Finding]:
    """Second order `T = (x - a)_ij . (y - b)_xy / (h w)^2`, first order `mean(x) . (y - b) / (h w)`, both over the
    norms of the mean features; a, b the backgrounds. The tensor is over the layer's cells, 64 x 64 at most.
    """
    yield Step(0, 1, "correlating the cells")
    features = [side.activation.double() for side in at.sides]
    absent = [backgrounds.of_features(side, options.background).double() for side in at.sides]
    changes = [(feature - other) / other[0].numel() for feature, other in zip(features, absent, strict=True)]
    means, left = ([grid.mean((1, 2)) for grid in grids] for grids in (features, absent))
    scale = (means[0].norm() * means[1].norm()).clamp(min=1e-12)
    maps = [torch.einsum("chw,c->hw", change, means[1 - number]) / scale for number, change in enumerate(changes)]
    tensor = torch.einsum("cij,cxy->ijxy", *map(joined, changes)) / scale
    singles = left[0] @ (means[1] - left[1]) + left[1] @ (means[0] - left[0])
    metrics = {"mean_features": float(means[0] @ means[1] / scale), "elsewhere": float(singles / scale)}
    return replace(Finding.of_maps(map(to_map, maps), metrics), tensor=to_map(tensor))


@method(
    _card(
        "ig-sam",
        "IG-SAM",
        "Integrated gradients over the layer's cells, from a background to the photograph.",
        "eq. 9 (section A.5), midpoint rule",
        "1 forward and 100 passes of the network after the layer, forth and back, of each photograph",
        slow=True,
        game=Game("cells"),
        caveat="With a zero background and a head without biases the cosine is constant on the way: choose another.",
    ),
    IgSamOptions,
)
@each_side
def ig_sam(side: Side, options: IgSamOptions) -> Computation[tuple[Tensor, dict[str, float]]]:
    """`sum_c (y - b) mean over alpha of ds/dy at b + alpha (y - b)`: (h, w) a side."""
    score = side.cosine if options.norm else side.product
    background = backgrounds.of_features(side, options.background)
    cells, reached = yield from integrated(side, score, background, options.samples, options.error)
    return cells, reached.metrics


def integrated(
    side: Side, score: Callable[[Tensor], Tensor], background: Tensor, samples: int, error: float = 0.0
) -> Computation[tuple[Tensor, Reached]]:
    """What the cells of a photograph add to a score, a function of embeddings (B, D), on the way from a background's
    features (C, h, w) to its own: (h, w) float64, and its error. Sums to the score less the background's, but for the
    midpoint rule of so many samples. error: at which it stops, see `pairx.baselines.stopping`."""
    change = side.activation - background
    return (yield from on_the_way(lambda grid: score(side.head(grid)), background, change, samples, error))


@method(
    _card(
        "ksam",
        "KSAM",
        "Shapley values of the layer's cells, joined to 7 x 7 places.",
        "section 4, Kernel SHAP of eq. 2",
        "5000 passes of the network after the layer, of each photograph",
        slow=True,
        game=Game("cells"),
        caveat="Sampled: the metrics tell its standard error.",
    ),
    KsamOptions,
)
@each_side
def ksam(side: Side, options: KsamOptions) -> Computation[tuple[Tensor, dict[str, float]]]:
    """Kernel SHAP of `v(S) = s` with the features of all places outside S replaced: (h, w) a side, each place's value
    spread evenly over its cells. Sums to the similarity less the background's.
    """
    score = side.cosine if options.norm else side.product
    game = Masked(side, backgrounds.of_features(side, options.background), options.players)
    shares = yield from shapley.shapley_values(
        lambda who: score(game.embeddings(who)),
        game.players,
        options.samples,
        options.seed,
        BATCH,
        "sampling coalitions",
        error=options.error,
        as_map=game.spread,
    )
    return game.spread(shares.singles), {"standard_error": shares.error, **shares.reached.metrics}


@method(
    _card(
        "ksam-second-order",
        "KSAM, second order",
        "Shapley-Taylor indices of pairs of places, one in each photograph, joined to 5 x 5 places.",
        "section 5.2, eq. 7, of eq. 6",
        "40000 passes of the network after the layer, of each photograph",
        slow=True,
        second_order=True,
        game=Game("cells", singles=False, pairs=True),
        symmetric=False,  # other coalitions are drawn for the exchanged pair
        caveat="Sampled: the metric tells its standard error. Pairs of places in one photograph have a part too, which "
        "is not shown.",
    ),
    Ksam2Options,
)
def ksam_second_order(at: PairAtLayer, options: Ksam2Options) -> Computation[Finding]:
    """Shapley-Taylor indices of order 2 of `v(S)`, the cosine of both photographs with all places outside S replaced:
    the tensor, at the places' resolution; the maps are its sums. Where the cells do not divide evenly, so that places
    are not equally wide, what they have is shared out by area among places that are.
    """
    games = [Masked(side, backgrounds.of_features(side, options.background), options.players) for side in at.sides]
    half = games[0].players

    def values(who: Tensor) -> Tensor:
        e, f = games[0].embeddings(who[:, :half]), games[1].embeddings(who[:, half:])
        return (e * f).sum(1) / (e.norm(dim=1) * f.norm(dim=1)).clamp(min=1e-12)

    def as_map(pairs: Tensor) -> Tensor:
        tensor = pairs[:half, half:].reshape(*games[0].shape, *games[1].shape)
        return torch.einsum("ra,cb,xd,ye,abde->rcxy", *games[0].evenly(), *games[1].evenly(), tensor)

    shares = yield from shapley.shapley_taylor_indices(
        values,
        half + games[1].players,
        options.samples,
        options.seed,
        BATCH,
        "sampling coalitions",
        error=options.error,
        as_map=as_map,
    )
    tensor = as_map(shares.pairs)
    elsewhere = shares.singles.sum() + shares.pairs.triu(1).sum() - tensor.sum()
    return of_pairs(tensor, standard_error=shares.error, elsewhere=elsewhere, **shares.reached.metrics)


class Masked:
    """A side's embedding with the features of some places replaced by a background's (C, h, w).

    most: places along a side at most; where there are more cells, neighbours are joined. shape: (rows, columns) of
    places. players: how many.
    """

    def __init__(self, side: Side, background: Tensor, most: int) -> None:
        if most < 1:
            raise InputError(f"players is 1 or more, not {most}.")
        self._side, self._background = side, background
        cells = side.activation.shape[1:]
        self.shape = at_most(cells, most)
        self.players = self.shape[0] * self.shape[1]
        self._place = places(cells, self.shape)

    def embeddings(self, who: Tensor) -> Tensor:
        """(B, D) of coalitions (B, players)."""
        shown = who[:, self._place][:, None].to(self._side.x.device) > 0.5
        return self._side.head(torch.where(shown, self._side.activation, self._background))

    def evenly(self) -> list[Tensor]:
        """For rows and columns, (n, n): the part of what each place has that lies in each of n equally wide ones."""
        cells = self._place.shape
        ends = zip(cells, self.shape, (self._place[:, 0] // self.shape[1], self._place[0]), strict=True)
        owned = [(parts(h, n), torch.eye(n, dtype=torch.float64)[own]) for h, n, own in ends]
        return [shared @ (own / own.sum(0)) for shared, own in owned]

    def spread(self, values: Tensor) -> Tensor:
        """(players,) to the cells (h, w), each place's value in even parts."""
        return shapley.spread(values, self._place)
