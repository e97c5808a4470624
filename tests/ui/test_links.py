"""Links: what is written is read back, and what is hostile is not."""

import pytest

from pairx.ui.shared import links
from pairx.ui.shared.links import Link, Options, RunLink

SAMPLES, MODELS, PALETTES = {"asha-1", "asha-2"}, {"reid-lite0", "lite0-imagenet"}, ("bright", "ranked")
UPLOAD = "0123456789abcdef01234567"


def parse(**params: str) -> Link | None:
    return links.parse(params, SAMPLES, MODELS, PALETTES)


def test_a_link_comes_back_as_it_was_written():
    options = Options(cells="abs_of_sum", batchnorm="pass")
    query = links.query("asha-1", UPLOAD, "lite0-imagenet", "blocks.3", options)
    assert query == {
        "a": "asha-1", "b": UPLOAD, "model": "lite0-imagenet", "layer": "blocks.3", "cells": "abs_of_sum",
        "batchnorm": "pass",
    }  # fmt: skip
    look = {"lines": "4", "colors": "0", "opacity": "0.35", "palette": "ranked"}
    found = parse(**query, **look, match="3", large="colors")
    expected = {"lines": 4, "colors": 0, "opacity": 0.35, "palette": "ranked"}
    seen = {"colors_large": True}
    assert found == Link("asha-1", UPLOAD, "lite0-imagenet", "blocks.3", options, expected, 3, seen=seen)
    assert {*query, *look, "match", "large"} <= set(links.NAMES)


def test_a_link_from_before_an_option_asks_for_its_default():
    options = Options(positions="between", strength="agreement")
    query = links.query("asha-1", "asha-2", "", "", options)
    assert parse(**query).options == options and options.chosen == {"positions": "between", "strength": "agreement"}
    assert parse(**{name: query[name] for name in ("a", "b")}).options == Options() and Options().chosen == {}


def test_an_address_without_photographs_asks_for_nothing():
    assert parse() is None
    assert parse(__theme="dark", lines="3") is None


@pytest.mark.parametrize(
    "photo",
    ["../../etc/passwd", "/etc/passwd", "asha-3", "", "http://169.254.169.254/", UPLOAD.upper(), UPLOAD[:-1],
     UPLOAD + "\n", "<script>alert(1)</script>", "a" * 100_000, "asha-1\0"],
)  # fmt: skip
def test_photographs_are_known_ids_or_digests_only(photo):
    with pytest.raises(ValueError, match="does not exist here"):
        parse(a="asha-1", b=photo)


@pytest.mark.parametrize("model", ["/tmp/model.pth", "timm:resnet50", "reid-lite0 ", "../x"])
def test_models_are_registered_names_only(model):
    with pytest.raises(ValueError, match="model"):
        parse(a="asha-1", b="asha-2", model=model)


@pytest.mark.parametrize(
    ("name", "value"),
    [("lines", "41"), ("lines", "-1"), ("lines", "1e3"), ("lines", "٣"), ("colors", "11"), ("opacity", "1.5"),
     ("opacity", "nan"), ("opacity", "0x1"), ("palette", "constructor"), ("match", "0"), ("match", "9999999999"),
     ("layer", "../secret/x y"), ("layer", "a" * 200), ("cells", "signed; drop"), ("start", "__class__")],
)  # fmt: skip
def test_other_values_fall_back_to_their_defaults(name, value):
    assert parse(a="asha-1", b="asha-2", **{name: value}) == Link("asha-1", "asha-2", "")


def test_a_link_to_a_run_comes_back_as_it_was_written():
    link = RunLink(
        "My cows", "blocks.3", "match_coverage", "", "species", ("a, b", 'c"d', "é"), "x&y", "sure", "q 1", "g/2"
    )
    query = link.parameters()
    assert query.keys() <= set(links.NAMES) and "color" not in query
    assert links.parse_run(query) == link
    assert links.parse_run({"layer": "blocks.3", "a": "asha-1"}) is None and links.parse_run({"run": ""}) is None


@pytest.mark.parametrize("values", ["[", "{}", "null", "7", '"text"', "[" * 100_000, "[1, null, [2]]", "\ud800"])
def test_the_values_of_a_link_may_hold_anything(values):
    assert links.parse_run({"run": "cows", "values": values}) == RunLink("cows")
    long = links.parse_run({"run": "r" * 10**6, "values": '["x"' + ', "y"' * 10**4 + "]"})
    assert len(long.run) == links.MOST_TEXT and len(long.values) <= links.MOST_VALUES


def test_options_refuse_what_does_not_exist():
    with pytest.raises(ValueError, match="cells"):
        Options(cells="anything")
