"""A right, a wrong and a misleading pair of the sample herd: stored pictures and numbers, with what to see in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlencode

from pairx.assets import ASSETS
from pairx.datasets.herd import load_herd
from pairx.evaluation.reference import reference
from pairx.ui.shared import links
from pairx.ui.shared.page import address
from pairx.ui.shared.session import AppState, Request

FOLDER = ASSETS / "examples"
EXAMPLES = FOLDER / "examples.json"
"""Of each example the key of its result (`Request.key`), its similarity, and how many matches raise and lower it. Made
by `python -m tools.make_examples`."""
MODEL = "reid-lite0"
PAIRS = {
    "right": ("inka-1", "inka-2"),
    "wrong": ("domino-3", "inka-2"),
    "misleading": ("duma-2", "tano-3"),
}


@dataclass(frozen=True)
class Lesson:
    """title: what the example is. truth: what is known of its animals. steps: what to look at, in this order. alt: the
    picture in words."""

    title: str
    truth: str
    steps: tuple[str, ...]
    alt: str


LESSONS = {
    "right": Lesson(
        "A right picture",
        "One animal, one flank, two photographs.",
        (
            "The lines run in order, head to head, flank to flank, as if one photograph could be bent onto the other.",
            "In the lower row equal colours lie on the same marking.",
            "Some of these markings are this animal's own: the stripes of flank and belly. The lines at the muzzle "
            "join what every zebra has.",
        ),
        "Inka twice: lines run side by side from head to head and from flank to flank; equal colours lie on equal "
        "markings",
    ),
    "wrong": Lesson(
        "A wrong picture",
        "Two animals, which the model finds more similar than the two photographs of one animal above.",
        (
            "The lines cross, and join unlike parts: the head of one with the hindquarters of the other.",
            "Equal colours lie on stripes that are alike in direction and width, and are not the same stripes.",
            "A high similarity with such a picture is worth nothing.",
        ),
        "Domino and Inka: lines cross and run from neck to hindquarters; equal colours lie on different parts",
    ),
    "misleading": Lesson(
        "A misleading picture",
        "Two animals again, twins whose coats differ in few places: the most similar pair of two animals in the herd.",
        (
            "All that made the first picture right is here: order, equal parts, no evidence against.",
            "The picture is true: this is what the model saw. It saw what is equal; what differs, it did not match.",
            "So look for what is not matched: hold H to hide the lines, and compare the markings between them. Below, "
            "the places where the coats differ are outlined.",
        ),
        "Duma and Tano: all lines run side by side, colours lie on the same parts of the body",
    ),
}


def request_of(app_state: AppState, name: str) -> Request:
    """What the Explain tab would be asked for an example. Its photographs are put on the shelf."""
    herd = load_herd()
    for image_id in PAIRS[name]:
        if image_id not in app_state.shelf.samples:
            app_state.shelf.add_sample(image_id, herd.path(image_id), image_id)
    first, second = (app_state.shelf.samples[image_id] for image_id in PAIRS[name])
    return Request(first, second, MODEL, app_state.model(MODEL).default_layer)


def examples_html(app_state: AppState) -> str:
    """All examples, one below the other."""
    numbers = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    return "".join(_example(app_state, name, numbers[name]) for name in PAIRS)


def _example(app_state: AppState, name: str, numbers: dict[str, Any]) -> str:
    lesson, request = LESSONS[name], request_of(app_state, name)
    known = reference(app_state.model(MODEL))
    sentence = known.sentence(numbers["similarity"]) if known else ""
    matches = f"{numbers['raising']} matches raise the similarity, {numbers['lowering'] or 'none'} lower it."
    query = urlencode(links.query(*PAIRS[name], request.model, request.layer, request.options))
    pictures = [(name, lesson.alt)]
    if name == "misleading":
        pictures.append(("differing", "The same photographs; outlined are the two places in which the coats differ"))
    shown = "".join(
        f'<img src="{address(FOLDER / f"{one}.webp")}" alt="{escape(alt)}" loading="lazy">' for one, alt in pictures
    )
    steps = "".join(f"<li>{escape(step)}</li>" for step in lesson.steps)
    return (
        f'<section class="px-lesson"><div class="px-lesson-text"><h3>{escape(lesson.title)}</h3>'
        f"<p>{escape(lesson.truth)}</p>"
        f'<p><strong class="px-number">{numbers["similarity"]:.2f}</strong> cosine similarity. {escape(sentence)} '
        f"{matches}</p>"
        f'<ol>{steps}</ol><p><a href="?{escape(query)}">Open this pair in Explain</a></p></div>'
        f'<div class="px-lesson-picture">{shown}</div></section>'
    )
