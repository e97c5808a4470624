"""The About tab."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import gradio as gr

from pairx.models import ModelCard
from pairx.ui.about.examples import examples_html
from pairx.ui.shared.session import AppState

WHAT = """
## What PAIR-X is

A re-identification model turns a photograph into a list of numbers, its embedding, and calls two photographs
similar where the embeddings point the same way. PAIR-X shows what that similarity rests on. It matches the
model's features half-way through the network between the two photographs, tells which of these matches raise the
similarity and which lower it, and traces the strongest back to the pixels they came from.

## How to read a picture

**Matches** are lines. Each joins two places that are each other's nearest neighbour among the model's features. The
strongest of those that raise the similarity are coloured, the others grey; a dashed blue line joins two places that
both lower it: evidence against. **The glow** beneath is relevance: red places raise the similarity, blue places lower
it, on one scale for both photographs. **Pixels behind the matches** has one colour a match: the pixels it rests on.

Three pairs of the sample herd, whose truth is known, as the tab Explain shows them:
"""

NUMBERS = (
    (
        "Cosine similarity, −1 to 1",
        "how alike the model finds the two photographs",
        "how probable it is that they show one animal",
    ),
    (
        "The sentence beside it",
        "where that similarity lies among pairs whose truth is known: of the sample herd, or of a run of your own",
        "the same of animals that the model was not made for; without a run of your own there is no scale for them",
    ),
    (
        "Relevance of a match",
        "how much its two places add to the similarity, or take from it",
        "whether the two places show the same marking: look",
    ),
    (
        "Number of matches",
        "how many places are each other's nearest neighbour",
        "how good they are: photographs of two churches have matches, too",
    ),
    (
        "Inverted residual, match coverage",
        "how well the matches fit one view bent onto the other, or how much of the animal they cover",
        "that the animals are the same: those of twins fit well",
    ),
    (
        "ρ (rho) and Δ (Delta) of a run",
        "whether a metric only repeats the similarity, and how far it parts correct from incorrect pairs of like "
        "similarity",
        "anything about one pair; a metric that does no better than its control is greyed",
    ),
    (
        "Faithfulness",
        "how far the similarity falls when what a method rates highest is blurred, against random places",
        "that this is where a person would look",
    ),
)
"""Of each number: what it says, and what it does not."""

TABS = """
## In the other tabs

**Point to point**, in Explain: choose a place in one photograph, and the other shows where its partners are: red places
raise the similarity together with it, blue places lower it, a ring marks the strongest.

**Compare** shows other methods on the same pair: red for the match, blue against it. Some do not look at the other
photograph at all; the line below each panel says what to beware of. With the photograph of a third animal as
**background**, red is what speaks for this pair rather than for that one.

**Trust** shows how each method fared where it was measured, beside controls that know nothing of the model, and the
pairs behind each number. In Compare a line below each panel says the same in short, where your model was measured.

**Explore** plots the pairs of a whole data set: how similar the model finds each, against how plausible its matches
are. Where a metric says something, correct and incorrect pairs of like similarity lie apart in the shaded window. An
incorrect pair among the plausible ones is worth a look at its label.
"""

NUMBERS_HEAD = ("Number", "It says", "It does not say")
MODELS_HEAD = ("Model", "What it is", "Licence")

CITE = """
## How to cite

Lauren Shrack, Timm Haucke, Antoine Salaün, Arjun Subramonian, Sara Beery: *Pairwise Matching of Intermediate
Representations for Fine-grained Explainability*. Their code:
[github.com/pairx-explains/pairx](https://github.com/pairx-explains/pairx). This app is an independent implementation.

## Terms

This app is under the MIT licence. Layer-wise relevance propagation (LRP), on which PAIR-X stands, is
patented; according to the README of [LXT](https://github.com/rachtibat/LRP-eXplains-Transformers) it is free
for personal and scientific use. Each model keeps its own licence, named above.

Uploaded photographs stay on the machine that runs this app. They are kept for a day, so that links to a view
work, and then deleted.
"""


def build_about(app_state: AppState) -> None:
    """Lay the tab out."""
    with gr.Column(elem_classes="px-about"):
        gr.Markdown(WHAT)
        gr.HTML(examples_html(app_state), apply_default_css=False)
        gr.Markdown("## What each number can say, and what it cannot")
        gr.Markdown(_table(NUMBERS_HEAD, NUMBERS), elem_classes="px-numbers")
        gr.Markdown(TABS)
        with gr.Accordion(f"Models ({len(app_state.cards)}), what they are and their licences", open=False):
            gr.Markdown(_table(MODELS_HEAD, map(_model, app_state.cards.values())))
        gr.Markdown(CITE)


def _model(card: ModelCard) -> tuple[str, str, str]:
    """A model's row."""
    title = f"[{card.title}]({card.source})" if card.source.startswith("https://") else card.title
    return title, " ".join((card.summary, *card.notes)), card.license


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
