"""Several scores of a pair as one, and what that one has meant: how many of such pairs were correct."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import isotonic_regression, minimize

from pairx import images
from pairx.assets import ASSETS
from pairx.core.options import VERSION as MATHS
from pairx.files import whole
from pairx.models import EmbeddingModel
from pairx.ranking.scores import FEATURES, SCORES, TRANSFORM, VERSION, given
from pairx.types import InputError

log = logging.getLogger(__name__)
RIDGE = 1e-3  # penalty of the squared weights of standardised scores
POINTS = 40  # of the calibration's curve
RESAMPLES = 200
MIDDLE = 2.5, 97.5  # percentiles of a 95 % interval


@dataclass(frozen=True)
class Fusion:
    """A learned sum of scores with its calibration. facts: all that the scores depend on. learned: from what. mean,
    std, weight: of each score of SCORES by name, as `given`. score, share, low, high: the calibration, a curve of the
    share of correct pairs over the fused score, with its 95 % interval.
    """

    facts: Mapping[str, Any]
    learned: Mapping[str, Any]
    mean: Mapping[str, float]
    std: Mapping[str, float]
    weight: Mapping[str, float]
    score: Sequence[float]
    share: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]

    def fused(self, table: pd.DataFrame) -> np.ndarray:
        """(N,) float64, more is more plausible, of pairs with the columns of the scores."""
        names = list(self.weight)
        mean, std, weight = ([side[name] for name in names] for side in (self.mean, self.std, self.weight))
        return (given(table, names) - mean) / std @ np.array(weight)

    def calibrated(self, fused: np.ndarray) -> pd.DataFrame:
        """Of (N,) fused scores the share of such pairs that were correct, and its interval: share, low, high."""
        curves = {"share": self.share, "low": self.low, "high": self.high}
        return pd.DataFrame({name: np.interp(fused, self.score, curve) for name, curve in curves.items()})

    def knows(self, *species: str) -> bool:
        """Whether its calibration is of these species, "" where that is unknown: of others the share is another."""
        return {one.casefold() for one in species} <= {one.casefold() for one in self._species}

    @property
    def about_species(self) -> str:
        """The species of its calibration, in words."""
        return ", ".join(one or "photographs without a species" for one in self._species)

    @property
    def _species(self) -> list[str]:
        return [str(one) for one in self.learned.get("species", [""])]

    def save(self, path: str | Path) -> None:
        """Write it as JSON."""
        with whole(path) as new:
            new.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Fusion:
        """Read what `save` wrote. Raises InputError where the file is not one of ours."""
        try:
            found = cls(**json.loads(Path(path).read_text(encoding="utf-8")))
            found.fused(pd.DataFrame({name: [0.0] for name in SCORES}))
            found.calibrated(np.zeros(1))
        except OSError as error:
            raise InputError(f"{path} cannot be read ({error.strerror}).") from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise InputError(f"{path} holds no learned weights: give the JSON of a fusion.") from error
        return found

    def require(self, model: EmbeddingModel) -> None:
        """Raise InputError where it was learned from scores that this model does not give today."""
        for name, value in facts_of(model).items():
            if self.facts.get(name) != value:
                raise InputError(
                    f"The learned weights are for another {name.replace('_', ' ')}: {self.facts.get(name)}, not "
                    f"{value}. Learn them again, with `pairx.ranking.learn_steps`."
                )


def facts_of(model: EmbeddingModel) -> dict[str, Any]:
    """All that the scores depend on beside the photographs."""
    return {
        "model": model.name,
        "model_key": model.key,
        "layer": model.default_layer,
        "features": FEATURES,
        "transform": TRANSFORM,
        "decoding_version": images.VERSION,
        "pair_x_version": MATHS,
        "scores_version": VERSION,
    }


def packaged(model: EmbeddingModel) -> Fusion:
    """What comes with the app for a model. Raises InputError where nothing does, or nothing that fits it."""
    path = ASSETS / f"fusion-{model.name}.json"
    if path not in ASSETS.glob("fusion-*.json"):  # a name may hold anything
        raise InputError(f"There are no learned weights for {model.name}.")
    found = Fusion.load(path)
    found.require(model)
    return found


def packaged_or_none(model: EmbeddingModel) -> Fusion | None:
    """What comes with the app for a model; none, said as a warning, where nothing does, or nothing that fits it."""
    try:
        return packaged(model)
    except InputError as error:
        log.warning("%s: candidates are in the order of match coverage. %s", model.name, error)
        return None


def learn(
    pairs: pd.DataFrame, names: Sequence[str], facts: Mapping[str, Any], learned: Mapping[str, Any], seed: int = 0
) -> Fusion:
    """Weights and calibration from pairs whose truth is known.

    pairs: query, individual (of the query), correct, and the scores that are fused, `names`. The weights make it likely
    that the best candidate of a query is a correct one (Luce's choice: softmax over a query's candidates; queries
    without a correct one say nothing). None is negative, so that no better score makes a pair worse. The calibration is
    isotonic, its interval from resamples of the individuals.
    Raises InputError where no query has both a correct and an incorrect candidate.
    """
    pairs = pairs.sort_values("query", kind="stable", ignore_index=True)
    values, correct = given(pairs, names), pairs["correct"].to_numpy(bool)
    share = pairs.groupby("query")["correct"].transform("mean")
    if not ((share > 0) & (share < 1)).any():
        raise InputError("No query has both a correct and an incorrect candidate: there is nothing to learn from.")
    mean, std = values.mean(0), np.maximum(values.std(0), 1e-9)
    weight = _weights((values - mean) / std, correct, pairs["query"].to_numpy())
    fused = (values - mean) / std @ weight
    points = np.unique(np.quantile(fused, np.linspace(0, 1, POINTS)))
    curve = _isotonic(fused, correct, points)
    resampled = [_isotonic(fused[rows], correct[rows], points) for rows in _resamples(pairs["individual"], seed)]
    low, high = np.percentile([curve, *resampled], MIDDLE, axis=0)
    mean_of, std_of, weight_of = (dict(zip(names, one.tolist(), strict=True)) for one in (mean, std, weight))
    curves = [one.tolist() for one in (points, curve, low, high)]
    return Fusion(dict(facts), dict(learned), mean_of, std_of, weight_of, *curves)


def _weights(values: np.ndarray, correct: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """(S,) of standardised scores (N, S) in the order of their queries."""
    starts = np.flatnonzero(np.append(True, queries[1:] != queries[:-1]))
    sizes = np.diff(np.append(starts, len(queries)))
    spread = lambda each: np.repeat(each, sizes)  # noqa: E731

    def loss(weight: np.ndarray) -> tuple[float, np.ndarray]:
        fused = values @ weight
        odds = np.exp(fused - spread(np.maximum.reduceat(fused, starts)))
        every, right = np.add.reduceat(odds, starts), np.add.reduceat(odds * correct, starts)
        counts = right > 0
        some = np.where(counts, right, 1)
        slope = (odds / spread(every) - odds * correct / spread(some)) * spread(counts)
        value = (np.log(every) - np.log(some))[counts].sum() / counts.sum()
        return value + RIDGE * weight @ weight, values.T @ slope / counts.sum() + 2 * RIDGE * weight

    none_lowers = [(0, None)] * values.shape[1]
    return minimize(loss, np.zeros(values.shape[1]), jac=True, method="L-BFGS-B", bounds=none_lowers).x


def _isotonic(fused: np.ndarray, correct: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The rising curve nearest to what is correct, at some points."""
    order = np.argsort(fused, kind="stable")
    return np.interp(points, fused[order], isotonic_regression(correct[order].astype(float)).x)


def _resamples(individuals: pd.Series, seed: int) -> Iterator[np.ndarray]:
    """Rows of the pairs of individuals drawn with replacement."""
    rows = list(individuals.groupby(individuals).indices.values())
    rng = np.random.default_rng(seed)
    for _ in range(RESAMPLES):
        yield np.concatenate([rows[one] for one in rng.integers(0, len(rows), len(rows))])
