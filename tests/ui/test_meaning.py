"""What the number is compared with, and when nothing is said of it."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest

from pairx.evaluation import reference as references
from pairx.evaluation.reference import HERD, UNCALIBRATED, Reference
from pairx.testing import make_pair, smooth_noise
from pairx.ui.explain.references import References, comparable, same_picture
from pairx.ui.shared.library import Library, Places
from tests.evaluation.made_up import write_run


@pytest.fixture
def told(tmp_path, tiny) -> References:
    write_run(tmp_path / "runs" / "cows", model_key=tiny.key)
    write_run(tmp_path / "runs" / "others", model_key="another")
    (tmp_path / "runs" / "begun").mkdir()
    return References(Library(Places(None, tmp_path / "runs", own_machine=False)))


def herd_of(model, monkeypatch) -> None:
    line = tuple(np.linspace(0, 1, 11))
    monkeypatch.setattr(references, "_stored", lambda: {model.key: Reference(HERD, line, line, (200, 2000))})


def test_only_runs_of_the_same_model_are_offered(told, tiny):
    (run,) = told.texts(tiny, 0.5, own=True)
    assert run["title"] == "cows" and "incorrect pairs" in run["sentence"] and run["sentence"].endswith("of cows.")
    assert run["caution"] == ""


def test_a_run_of_ones_own_comes_before_the_herd_which_says_that_it_is_not_for_uploads(told, tiny, monkeypatch):
    herd_of(tiny, monkeypatch)
    run, herd = told.texts(tiny, 0.5, own=True)
    assert "Higher than 50 % of the pairs of two animals of one species" in herd["sentence"]
    assert herd["caution"] == UNCALIBRATED and run["title"] == "cows"
    sample, _ = told.texts(tiny, 0.5, own=False)
    assert sample["title"].lower() == HERD and sample["caution"] == "", "a sample is a rendered animal itself"


def test_nothing_is_claimed_of_uploads_where_nothing_is_calibrated(tmp_path, tiny, monkeypatch):
    herd_of(tiny, monkeypatch)
    none = References(Library(Places(None, tmp_path / "none", own_machine=False)))
    first, herd = none.texts(tiny, 0.99, own=True)
    assert "not known" in first["sentence"] and "%" not in first["sentence"] and "igher" not in first["sentence"]
    assert herd["title"].lower() == HERD and herd["caution"] == UNCALIBRATED, "it has to be chosen"


def test_a_run_that_changed_is_read_again_and_one_that_broke_is_left_out(told, tiny, tmp_path):
    before = told.texts(tiny, 0.5, own=True)[0]["sentence"]
    shutil.rmtree(tmp_path / "runs" / "cows")
    write_run(tmp_path / "runs" / "cows", pairs=60, model_key=tiny.key)
    assert "30 incorrect pairs" in (after := told.texts(tiny, 0.5, own=True)[0]["sentence"]) and after != before
    (tmp_path / "runs" / "cows" / "summary.json").unlink()
    assert told.texts(tiny, 0.5, own=True) == []


def test_a_model_without_known_pairs_says_nothing(tmp_path, tiny):
    assert References(Library(Places(None, tmp_path / "none", own_machine=False))).texts(tiny, 0.5, own=True) == []


def test_photographs_that_show_nothing_are_not_compared():
    good = replace(make_pair(), image0=smooth_noise(0, 120, 150), image1=smooth_noise(1, 100, 140))
    assert comparable(good) and not same_picture(good)
    same = replace(good, image1=good.image0)
    assert same_picture(same) and not comparable(same)
    assert not comparable(replace(good, image1=np.full((200, 200, 3), 127, np.uint8)))
    assert not comparable(replace(good, image0=smooth_noise(0, 120, 99)))
