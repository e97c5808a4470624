"""PAIR-X Explorer: why a deep metric model finds two photographs similar.

model = pairx.load_model("reid-lite0")
pair = pairx.load_pair("a.jpg", "b.jpg")
explanation = pairx.explain(model, pair)
pairx.viz.draw(explanation, pair).save("ab.png")
"""

from pairx import viz
from pairx.methods import explain, explain_steps, list_methods
from pairx.images import load_pair
from pairx.models import list_models, load_model
from pairx.types import Explanation, ImagePair, InputError, Matches, MethodCard, View

__all__ = [
    "Explanation",
    "ImagePair",
    "InputError",
    "Matches",
    "MethodCard",
    "View",
    "explain",
    "explain_steps",
    "list_methods",
    "list_models",
    "load_model",
    "load_pair",
    "viz",
]
