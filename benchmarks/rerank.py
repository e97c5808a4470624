"""Does a better order than the cosine's find more animals? On nyala that no network was trained on.

    PAIRX_DATA=data python -m benchmarks.rerank [--queries 237] [--matcher-queries 15] [--write]

Queries are photographs of the nyala that `tools.train_embedder` leaves out which have another photograph, of another
encounter, in the gallery of all these nyala. Each score sorts the 20 candidates of highest cosine anew; mAP is over all
photographs of the individual, those beyond the 20 in the order of the cosine. Weights are learned in five folds over
individuals: what sorts a query has seen no pair of its individual, nor of any other of its fold. Intervals (95 %) and
those of the gain over the cosine on the same queries are from resamples of the individuals. Local features are SIFT's
where a row does not say otherwise.

Scores are kept in a database, by pair, so that a run that was stopped goes on. --queries bounds those that PAIR-X is
computed for, and --matcher-queries those of XFeat + LightGlue, both drawn at random. --write makes the weights that
come with the app, learned from all pairs that have all scores.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pandas as pd

from pairx import geometry
from pairx.assets import ASSETS
from pairx.core.scoring import PairScorer
from pairx.datasets import Dataset, cache_folder, load_dataset
from pairx.evaluation import search
from pairx.evaluation.embeddings import embed_steps, key_steps
from pairx.models import EmbeddingModel, load_model
from pairx.ranking.fusion import facts_of, learn
from pairx.ranking.reranking import CANDIDATES, about
from pairx.ranking.scores import FEATURES, LOCAL, SCORES, deep_scores, given, local_scores
from pairx.types import finished
from tools.train_embedder import leave_out

FOLDS, RESAMPLES, BINS = 5, 1000, 10
DEEP = ("match_coverage", "inverted_residual")
FUSIONS = {
    "Fusion without PAIR-X": ("cosine", *LOCAL),
    "Fusion without local features": ("cosine", "match_coverage"),
    "Fusion": tuple(SCORES),
}


SPECIES = ["nyala", "Tragelaphus angasii"]
"""Names of what the weights are learned from."""


def left_out(data: Path) -> Dataset:
    """The nyala that reid-lite0 was not trained on."""
    whole = load_dataset(data / "nyala")
    _, out = leave_out(whole.table)
    return Dataset("nyala left out of every training", out.reset_index(drop=True))


def candidates(dataset: Dataset, model: EmbeddingModel) -> pd.DataFrame:
    """All that each query is compared with, best first, in a random order of the queries: query, gallery, rank (from
    0), cosine, correct, individual."""
    embeddings = finished(embed_steps(dataset, model, finished(key_steps(dataset))))
    where = search.split_queries(dataset, None, None, exclude_encounter=True)
    near, identity = search.nearest(embeddings, where, len(dataset)), dataset.table["identity"].to_numpy()
    near["correct"] = identity[near["query"]] == identity[near["gallery"]]
    near["individual"] = identity[near["query"]]
    order = np.random.default_rng(1).permutation(near["query"].unique())
    near = near[near.groupby("query")["correct"].transform("any")]
    return near.assign(order=near["query"].map(dict(zip(order, range(len(order)), strict=True)))).sort_values(
        ["order", "rank"], ignore_index=True
    )


class Scored:
    """Scores by pair of image_ids, on disk."""

    def __init__(self, path: Path, facts: dict) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path)
        self._database.execute("CREATE TABLE IF NOT EXISTS scores (facts, kind, query, candidate, scores, seconds)")
        self._database.execute("CREATE UNIQUE INDEX IF NOT EXISTS pair ON scores (facts, kind, query, candidate)")
        self._facts = json.dumps(facts, sort_keys=True)

    def known(self, kind: str) -> dict[tuple[str, str], tuple[dict, float]]:
        """Scores and seconds of the pairs that are there."""
        rows = self._database.execute(
            "SELECT query, candidate, scores, seconds FROM scores WHERE facts = ? AND kind = ?", (self._facts, kind)
        )
        return {(query, candidate): (json.loads(scores), seconds) for query, candidate, scores, seconds in rows}

    def fill(self, kind: str, pairs: Iterable[tuple[str, str]], compute: Callable[[str, str], dict]) -> pd.DataFrame:
        """The scores of pairs; those that are missing are computed, and kept one by one."""
        known, rows, started = self.known(kind), [], time.monotonic()
        pairs = list(pairs)
        for number, pair in enumerate(pairs):
            if pair not in known:
                began = time.process_time()
                known[pair] = compute(*pair), time.process_time() - began
                with self._database:
                    row = (self._facts, kind, *pair, json.dumps(known[pair][0]), known[pair][1])
                    self._database.execute("INSERT INTO scores VALUES (?, ?, ?, ?, ?, ?)", row)
                if number % 200 == 0:
                    print(f"{kind}: {number} of {len(pairs)}, {time.monotonic() - started:.0f} s", flush=True)
            scores, seconds = known[pair]
            rows.append(scores | {f"seconds_{kind}": seconds})
        return pd.DataFrame(rows)

    def close(self) -> None:
        """Close the database."""
        self._database.close()


def score_all(
    dataset: Dataset, model: EmbeddingModel, scored: Scored, near: pd.DataFrame, queries: dict[str, int]
) -> pd.DataFrame:
    """The candidates with their scores. queries: of how many which are computed, "sift", "pair-x" and "xfeat"; the
    columns has_sift, … say for which candidates they are."""
    rows = {name: row for row, name in enumerate(dataset.table["image_id"])}
    photograph = lru_cache(64)(lambda row: dataset.load(row)[0])
    features = lru_cache(None)(lambda row, kind: geometry.local_features(photograph(row), kind))

    def local(kind: str, query: str, candidate: str) -> dict:
        return local_scores(features(rows[query], kind), features(rows[candidate], kind))[0]

    layer = model.default_layer
    with closing(PairScorer(model, photograph, [layer])) as explainer:

        def deep(query: str, candidate: str) -> dict:
            one, other = features(rows[query], FEATURES), features(rows[candidate], FEATURES)
            _, alignment = local_scores(one, other)
            (explanation,) = explainer.score(rows[query], rows[candidate])
            return deep_scores(explanation, alignment, one.size, other.size, model)

        def filled(kind: str, compute: Callable[[str, str], dict]) -> pd.DataFrame:
            part = near[near["query"].isin(near["query"].unique()[: queries[kind]])]
            ids = dataset.table["image_id"].to_numpy()
            pairs = zip(ids[part["query"]].tolist(), ids[part["gallery"]].tolist(), strict=True)
            return scored.fill(kind, pairs, compute).set_index(part.index).assign(**{f"has_{kind}": True})

        found = [filled("sift", partial(local, FEATURES)), filled("pair-x", deep)]
        other = filled("xfeat", partial(local, "xfeat"))
    other = other.rename(columns={name: f"xfeat_{name}" for name in (*LOCAL, "local_matches")})
    table = pd.concat([near, *found, other], axis=1)
    return table.assign(**{name: table[name].eq(True) for name in table if name.startswith("has_")})


def folded(table: pd.DataFrame, names: tuple[str, ...], gallery: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N,) fused scores and calibrated shares, each from weights that saw neither of its individuals' fold."""
    individuals = np.random.default_rng(1).permutation(sorted(set(table["individual"]) | set(gallery)))
    fold = pd.Series(np.arange(len(individuals)) % FOLDS, individuals)
    own, other = fold[table["individual"]].to_numpy(), fold[gallery].to_numpy()
    fused, share = np.full((2, len(table)), np.nan)
    for number in range(FOLDS):
        fusion = learn(table[(own != number) & (other != number)], names, {}, {})
        fused[own == number] = fusion.fused(table[own == number])
        share[own == number] = fusion.calibrated(fused[own == number])["share"]
    return fused, share


def hits(table: pd.DataFrame, values: np.ndarray, beyond: pd.DataFrame) -> pd.DataFrame:
    """A row a query: whether the first and one of the first five are correct, and average precision. beyond: the
    candidates of all queries that were not sorted anew."""
    sort = table.assign(value=values)[["query", "value", "cosine", "correct", "individual"]]
    rest = beyond[beyond["query"].isin(sort["query"])].assign(value=-np.inf)[sort.columns]
    every = pd.concat([sort, rest]).sort_values(["query", "value", "cosine"], ascending=[True, False, False])

    def of_one(correct: np.ndarray) -> tuple[float, float, float]:
        places = np.flatnonzero(correct)
        precision = np.mean(np.arange(1, len(places) + 1) / (places + 1))
        return float(correct[0]), float(correct[:5].any()), float(precision)

    found = {query: of_one(rows["correct"].to_numpy(bool)) for query, rows in every.groupby("query")}
    result = pd.DataFrame.from_dict(found, orient="index", columns=["top-1", "top-5", "mAP"])
    return result.assign(individual=table.groupby("query")["individual"].first())


def interval(values: pd.DataFrame, columns: list[str]) -> np.ndarray:
    """(2, C) 95 % interval of means, by resamples of the individuals."""
    sums = values.groupby("individual")[columns].sum().to_numpy()
    counts = values.groupby("individual").size().to_numpy()
    rng = np.random.default_rng(2)
    drawn = [rng.integers(0, len(counts), len(counts)) for _ in range(RESAMPLES)]
    return np.percentile([sums[one].sum(0) / counts[one].sum() for one in drawn], (2.5, 97.5), axis=0)


def calibration_error(share: np.ndarray, correct: np.ndarray) -> float:
    """ECE: mean distance of share and truth over BINS bins of as many pairs each."""
    parts = np.array_split(np.argsort(share, kind="stable"), BINS)
    return sum(len(part) * abs(share[part].mean() - correct[part].mean()) for part in parts) / len(share)


def sorted_by(table: pd.DataFrame, gallery: np.ndarray) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """What to sort by: a title, the candidates that have it (N,) bool, and of these the values, and a fusion's
    shares."""
    everywhere, deep, matched = (table[f"has_{kind}"].to_numpy() for kind in ("sift", "pair-x", "xfeat"))
    nothing = np.zeros(0)
    for name, one in SCORES.items():
        there = deep if name in DEEP else everywhere
        yield one.title, there, given(table[there], [name])[:, 0], nothing
    other = table[matched].drop(columns=[*LOCAL]).rename(columns={f"xfeat_{name}": name for name in LOCAL})
    for name in LOCAL if matched.any() else ():
        yield f"{SCORES[name].title} (XFeat + LightGlue)", matched, given(other, [name])[:, 0], nothing
    for title, names in FUSIONS.items():
        there = deep if set(names) & set(DEEP) else everywhere
        yield title, there, *folded(table[there], names, gallery[there])


def print_table(table: pd.DataFrame, beyond: pd.DataFrame, gallery: np.ndarray) -> None:
    """One row a score, with what it gains over the cosine on the same queries. gallery: the candidates' individuals."""
    print("\n| Sorted by | queries | top-1 | gain over the cosine | top-5 | mAP | ECE |\n|---|---|---|---|---|---|---|")
    names = ["top-1", "top-5", "mAP"]
    for title, there, values, share in sorted_by(table, gallery):
        found = hits(table[there], values, beyond)
        cosine = hits(table[there], table[there]["cosine"].to_numpy(), beyond)
        found["gain"] = found["top-1"] - cosine["top-1"]
        mean, (low, high) = 100 * found[[*names, "gain"]].mean(), 100 * interval(found, [*names, "gain"])
        cells = [f"{value:.1f} % [{a:.1f}, {b:.1f}]" for value, a, b in zip(mean, low, high, strict=True)]
        error = f"{calibration_error(share, table[there]['correct'].to_numpy()):.3f}" if len(share) else ""
        top_1, top_5, precision, gain = cells
        gain = "" if title == "Cosine" else gain
        print(f"| {title} | {len(found)} | {top_1} | {gain} | {top_5} | {precision} | {error} |", flush=True)


def print_gain(table: pd.DataFrame, beyond: pd.DataFrame, gallery: np.ndarray) -> None:
    """What PAIR-X adds to the fusion, over the queries that it is known for."""
    there = table["has_pair-x"].to_numpy()
    sides = [folded(table[there], FUSIONS[title], gallery[there])[0] for title in ("Fusion", "Fusion without PAIR-X")]
    one, other = (hits(table[there], values, beyond) for values in sides)
    names = ["top-1", "top-5", "mAP"]
    gain = (one[names] - other[names]).assign(individual=one["individual"])
    mean, (low, high) = 100 * gain[names].mean(), 100 * interval(gain, names)
    cells = [f"{name} {mean[name]:+.1f} % [{a:.1f}, {b:.1f}]" for name, a, b in zip(names, low, high, strict=True)]
    print(f"\nPAIR-X adds to the fusion, over {len(gain)} queries: {', '.join(cells)}")


def main() -> None:
    """Score what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=237, help="that PAIR-X is computed for (default: %(default)s)")
    parser.add_argument(
        "--matcher-queries", type=int, default=15, help="that XFeat + LightGlue are (default: %(default)s)"
    )
    parser.add_argument("--store", type=Path, help="where scores are kept (default: in the cache)")
    parser.add_argument("--write", action="store_true", help="write the weights that come with the app")
    arguments = parser.parse_args()
    data = Path(os.environ.get("PAIRX_DATA") or parser.error("PAIRX_DATA must name the folder with nyala"))
    dataset, model = left_out(data), load_model("reid-lite0", device="cpu")
    every = candidates(dataset, model)
    near, beyond = every[every["rank"] < CANDIDATES].reset_index(drop=True), every[every["rank"] >= CANDIDATES]
    with closing(Scored(arguments.store or cache_folder() / "rerank.sqlite", facts_of(model))) as scored:
        queries = {"sift": len(near), "pair-x": arguments.queries, "xfeat": arguments.matcher_queries}
        table = score_all(dataset, model, scored, near, queries)
    individuals = dataset.table["identity"].nunique()
    print(f"\n{dataset.name}: {len(dataset)} photographs, {individuals} individuals")
    identity = dataset.table["identity"].to_numpy()[near["gallery"]]
    print_table(table, beyond, identity)
    print_gain(table, beyond, identity)
    for kind in (kind for kind in queries if queries[kind]):
        seconds = CANDIDATES * pd.to_numeric(table[f"seconds_{kind}"]).mean()
        print(f"{kind}: {seconds:.1f} s of one core for a query of {CANDIDATES}")
    if arguments.write:
        whole = table[table["has_pair-x"]].reset_index(drop=True)
        learned = about(dataset, whole, exclude_encounter=True) | {"species": SPECIES}
        fusion = learn(whole, tuple(SCORES), facts_of(model), learned)
        fusion.save(ASSETS / f"fusion-{model.name}.json")
        print(json.dumps({"weight": fusion.weight}, indent=1))


if __name__ == "__main__":
    main()
