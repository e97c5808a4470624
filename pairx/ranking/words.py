"""What the scores of a candidate say, in plain words."""

from __future__ import annotations

import math

import pandas as pd

CLOSE, SOME = 0.1, 0.25  # of a diagonal: how far from a plain resize


def words_of(candidate: pd.Series) -> str:
    """What a row that `rerank_steps` gives says, score by score, the calibrated share last where there is one."""
    said = parts_of(candidate)
    if not math.isnan(candidate.get("share", math.nan)):
        said.append(share_of(candidate))
    return "; ".join(said) + "."


def parts_of(candidate: pd.Series) -> list[str]:
    """What the scores of a candidate say, one by one."""
    return [f"The cosine is {candidate['cosine']:.2f}", _local(candidate), _deep(candidate)]


def share_of(candidate: pd.Series) -> str:
    """What the calibrated share of a candidate says, with its interval: of share, low and high, 0 to 1."""
    ends = f"[{100 * candidate['low']:.0f}, {100 * candidate['high']:.0f}]"
    return f"of such pairs {100 * candidate['share']:.0f} % {ends} were the same animal"


def _local(candidate: pd.Series) -> str:
    distance = candidate["resize_distance"]
    if not candidate["inliers"] or math.isnan(distance):
        return f"its {candidate['local_matches']:.0f} local matches agree on no transform"
    far = "close to" if distance < CLOSE else "some way from" if distance < SOME else "far from"
    return f"{candidate['inliers']:.0f} local matches agree on one transform, which is {far} a plain resize"


def _deep(candidate: pd.Series) -> str:
    coverage, residual = candidate["match_coverage"], candidate["inverted_residual"]
    held = (
        "most of PAIR-X's relevance lowers the similarity"
        if math.isnan(coverage)
        else f"matched places hold {100 * coverage:.0f} % of PAIR-X's relevance"
    )
    apart = "" if math.isnan(residual) else f", and lie {1 / residual:.0f} px from where the transform has them"
    return held + apart
