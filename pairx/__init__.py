"""PAIR-X Explorer: why a deep metric model finds two photographs similar.

model = pairx.load_model("reid-lite0")
pair = pairx.load_pair("a.jpg", "b.jpg")
explanation = pairx.explain(model, pair)
pairx.viz.draw(explanation, pair).save("ab.png")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pairx import viz
    from pairx.contrasting import contrast, contrast_steps
    from pairx.evaluation.faithfulness import Faithfulness, faithfulness
    from pairx.evaluation.regions import rank_region
    from pairx.evaluation.run import evaluate
    from pairx.figures import figure
    from pairx.images import load_pair
    from pairx.judging.run import judge
    from pairx.methods import compare, compare_steps, explain, explain_steps, list_methods
    from pairx.models import EmbeddingModel, Layer, ModelCard, Preprocessing, list_models, load_model, wrap
    from pairx.pairs import ExplainedPairs, explain_pairs, explain_pairs_steps
    from pairx.ranking.ranking import rank
    from pairx.types import Explanation, ImagePair, InputError, Matches, MethodCard, Refusal, View
    from pairx.warnings import PairWarning, pair_warnings

__version__ = "0.1.0"

__all__ = [
    "EmbeddingModel",
    "ExplainedPairs",
    "Explanation",
    "Faithfulness",
    "ImagePair",
    "InputError",
    "Layer",
    "Matches",
    "MethodCard",
    "ModelCard",
    "PairWarning",
    "Preprocessing",
    "Refusal",
    "View",
    "__version__",
    "compare",
    "compare_steps",
    "contrast",
    "contrast_steps",
    "evaluate",
    "explain",
    "explain_pairs",
    "explain_pairs_steps",
    "explain_steps",
    "faithfulness",
    "figure",
    "judge",
    "list_methods",
    "list_models",
    "load_model",
    "load_pair",
    "pair_warnings",
    "rank",
    "rank_region",
    "viz",
    "wrap",
]

# Where a public name is defined, if not among the types. It is imported at its first use: torch takes seconds, and
# `python -m pairx --help` does without it.
_HOMES = {
    "EmbeddingModel": "models",
    "ExplainedPairs": "pairs",
    "Faithfulness": "evaluation.faithfulness",
    "Layer": "models",
    "ModelCard": "models",
    "PairWarning": "warnings",
    "Preprocessing": "models",
    "compare": "methods",
    "compare_steps": "methods",
    "contrast": "contrasting",
    "contrast_steps": "contrasting",
    "evaluate": "evaluation.run",
    "explain": "methods",
    "explain_pairs": "pairs",
    "explain_pairs_steps": "pairs",
    "explain_steps": "methods",
    "faithfulness": "evaluation.faithfulness",
    "figure": "figures",
    "judge": "judging.run",
    "list_methods": "methods",
    "list_models": "models",
    "load_model": "models",
    "load_pair": "images",
    "pair_warnings": "warnings",
    "rank": "ranking.ranking",
    "rank_region": "evaluation.regions",
    "wrap": "models",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "viz":
        return import_module("pairx.viz")
    value = getattr(import_module(f"pairx.{_HOMES.get(name, 'types')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
