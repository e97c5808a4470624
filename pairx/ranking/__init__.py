"""Queries against a gallery: the most similar photographs, exactly, and in a better order by what else is known of a
pair."""

from pairx.ranking.ranking import rank, rank_steps

__all__ = ["rank", "rank_steps"]
