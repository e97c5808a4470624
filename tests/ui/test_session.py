"""Keys, caches, models: no result is ever shown for another request."""

from dataclasses import replace

import numpy as np
import pytest

import pairx
from pairx.testing import make_pair
from pairx.types import InputError
from pairx.ui.shared import session
from pairx.ui.shared.cache import ResultCache, size_of
from pairx.ui.shared.links import CHOICES, Options
from pairx.ui.shared.photos import pair_of
from pairx.ui.shared.session import with_key
from tests.ui.conftest import explanation_of


def test_the_key_knows_everything_that_changes_a_result(request_of):
    variants = [
        request_of,
        replace(request_of, photo0=request_of.photo1, photo1=request_of.photo0),
        replace(request_of, photo0=replace(request_of.photo0, digest="0" * 64)),
        replace(request_of, photo1=replace(request_of.photo1, digest="0" * 64)),
        replace(request_of, model="lite0-imagenet"),
        replace(request_of, layer="blocks.4"),
        *(replace(request_of, options=Options(**{name: values[1]})) for name, values in CHOICES.items()),
    ]
    keys = {one.key("weights") for one in variants} | {request_of.key("other weights")}
    assert len(keys) == len(variants) + 1


def test_the_key_ignores_what_changes_nothing(request_of):
    renamed = replace(request_of, photo0=replace(request_of.photo0, name="other.jpg", id="x"))
    assert renamed.key("w") == request_of.key("w")


def test_the_key_changes_with_the_maths(request_of, monkeypatch):
    before = request_of.key("w")
    monkeypatch.setattr(session, "VERSION", session.VERSION + 1)
    assert request_of.key("w") != before


@pytest.mark.slow
def test_a_pair_is_explained_once(app_state, request_of, runs):
    first = app_state.explain(request_of)
    assert app_state.explain(request_of) is first
    assert len(runs) == 1
    assert app_state.explain(replace(request_of, options=Options(cells="abs_of_sum"))) is not first
    assert [call[3]["cells"] for call in runs] == ["signed", "abs_of_sum"]


def test_stopping_leaves_nothing_behind(app_state, request_of):
    steps = app_state.steps(request_of)
    assert "model" in next(steps).what
    next(steps)
    steps.close()
    assert len(app_state.results) == 0


def test_the_result_cache_is_bounded_in_bytes():
    one = explanation_of(make_pair())
    cache = ResultCache(most=3 * size_of(one))
    for i in range(5):
        cache.put(str(i), one)
        cache.get("0")
    assert cache.bytes <= 3 * size_of(one)
    assert cache.get("4") is one and cache.get("1") is None
    cache.put("4", one)
    assert cache.bytes == len(cache) * size_of(one)


def test_only_registered_models_are_loaded(app_state):
    for name in ("/etc/passwd", "timm:resnet50", "", "REID-LITE0"):
        with pytest.raises(InputError, match="no such model"):
            app_state.model(name)


def test_every_registered_model_is_offered(app_state):
    assert list(app_state.cards.values()) == pairx.list_models()


def test_few_models_are_kept(app_state):
    for name in list(app_state.cards)[:4]:
        app_state.model(name)
    assert len(app_state._models) == session.KEPT_MODELS


def test_a_stored_result_counts_only_for_its_own_request(app_state, request_of, tmp_path, runs):
    path = tmp_path / "opening.npz"
    stored = explanation_of(make_pair())
    stored.save(path)
    assert not app_state.stored(path, request_of), "without a key"
    with_key(stored, app_state.key(request_of)).save(path)
    assert not app_state.stored(path, replace(request_of, layer="other"))
    assert app_state.stored(path, request_of)
    assert np.array_equal(app_state.explain(request_of).map0, stored.map0)
    assert not runs
    path.write_bytes(b"not an npz")
    assert not app_state.stored(path, request_of)


@pytest.mark.slow
def test_a_person_reads_no_name_of_another_persons_file(app_state, request_of, photo_files, runs):
    """Results are shared by content; what their notes say of files is not."""
    first, second = (
        pair_of(*(app_state.shelf.load(replace(ref, name=f"{who} {ref.name}")) for ref in (one, other)))
        for who, one, other in ((who, request_of.photo0, request_of.photo1) for who in ("secret", "mine"))
    )
    assert first.notes and first.notes != second.notes
    for pair in (first, second, first):
        assert app_state.explain(request_of, pair).notes == pair.notes
    assert len(runs) == 1 and app_state.explain(request_of).notes == ()
