"""The About tab."""

from __future__ import annotations

from collections.abc import Iterable

import gradio as gr

from pairx.models import ModelCard

TEXT = """
## What PAIR-X is

A re-identification model turns a photograph into a list of numbers, its embedding, and calls two photographs
similar where the embeddings point the same way. PAIR-X shows what that similarity rests on. It matches the
model's features half-way through the network between the two photographs, tells which of these matches raise the
similarity and which lower it, and traces the strongest back to the pixels they came from.

## How to read the pictures

**Matches.** Each line joins two places that are each other's nearest neighbour among the model's features.
The strongest of those that raise the similarity are coloured, the others grey. A dashed blue line joins two places
that both lower it: evidence against. Matches of which one place raises it and the other lowers it say neither, and
are not drawn. Where no match raises the similarity, the picture says so and shows the evidence against. The glow
beneath is relevance: red places raise the similarity, blue places lower it, and both photographs share one scale.

**Pixels behind the matches.** Each colour belongs to one match and marks the pixels it rests on. Where the
same colour lies on the same marking in both photographs, the match is plausible.

**Point to point.** Click a place in one photograph, or draw a box, and the other shows where its partners are:
red places raise the similarity together with it, blue places lower it, a ring marks the strongest. In Compare,
enlarge a panel to point; every method that knows pairs of places answers at once.

**A plausible pair** has lines that run in order, as if one photograph could be bent onto the other, and
colours on the same markings. **An implausible pair** has lines that cross, end on background, or join unlike
parts. **A misleading pair** looks orderly although the animals differ: where all individuals share a
structure, such as eyes and nose, the model matches that structure. Look at the markings themselves: hold H to
hide everything that is drawn over them.

**Compare.** Other methods answer the same question by a glow alone: red for the match, blue against it. Each
measures in its own unit, so compare where they glow, not how strongly. Some do not look at the other
photograph at all; the line below each panel says what to beware of.

**Explore.** Each point is a pair of a whole data set: how similar the model finds it, against how plausible its
matches are. Where a metric says something, correct and incorrect pairs of like similarity lie apart in the shaded
window. An incorrect pair among the plausible ones is worth a look at its label.

**The number** is the cosine similarity of the two embeddings, from −1 to 1. It is no probability. The
sentence beside it says where it lies among pairs whose truth is known.

**Another background**, in Compare, asks a relative question. With the photograph of a third animal as background, red
is what speaks for this pair rather than for that one.

**Faithfulness**, in Compare, tells whether a glow says the truth about the model: blur what it rates highest, and the
similarity should fall further than when random places are blurred.
"""

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


def build_about(cards: Iterable[ModelCard]) -> None:
    """Lay the tab out."""
    rows = "\n".join(
        f"| [{card.title}]({card.source}) | {' '.join((card.summary, *card.notes))} | {card.license} |"
        if card.source.startswith("https://")
        else f"| {card.title} | {' '.join((card.summary, *card.notes))} | {card.license} |"
        for card in cards
    )
    with gr.Column(elem_classes="px-about"):
        gr.Markdown(f"{TEXT}\n## Models\n\n| Model | What it is | Licence |\n|---|---|---|\n{rows}\n{CITE}")
