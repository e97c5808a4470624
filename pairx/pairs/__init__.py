"""Many pairs of a list: each explained by one method or several, drawn, and told in a row of one table."""

from pairx.pairs.listing import RowProblem
from pairx.pairs.run import ExplainedPairs, explain_pairs, explain_pairs_steps

__all__ = ["ExplainedPairs", "RowProblem", "explain_pairs", "explain_pairs_steps"]
