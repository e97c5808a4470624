"""Queries against a gallery: the most similar photographs, exactly, and in a better order by what else is known of a
pair."""

from pairx.ranking.fusion import Fusion
from pairx.ranking.ranking import rank, rank_steps
from pairx.ranking.reranking import learn_steps

__all__ = ["Fusion", "learn_steps", "rank", "rank_steps"]
