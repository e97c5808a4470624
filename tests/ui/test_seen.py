"""What a link says of how a picture is seen. tests/page/seen.test.js writes the same texts."""

import pytest

from pairx.ui.shared import seen


def test_what_the_page_writes_is_read():
    written = {"view": "2.25,0.3,0.4,0.2222,0.7778", "point": "b,0.25,0.3333", "large": "colors"}
    assert written.keys() == {*seen.NAMES}
    assert seen.read(written) == {
        "zoom": 2.25,
        "centers": [[0.3, 0.4], [0.2222, 0.7778]],
        "point": {"side": 1, "place": [0.25, 0.3333, 0.25, 0.3333]},
        "colors_large": True,
    }
    assert seen.read({"point": "a,0,0.5,0.25,1"}) == {"point": {"side": 0, "place": [0.0, 0.5, 0.25, 1.0]}}
    assert seen.read({}) == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [("view", "17,0.5,0.5,0.5,0.5"), ("view", "0.5,0.5,0.5,0.5,0.5"), ("view", "2,1.5,0,0,0"), ("view", "2,nan,0,0,0"),
     ("view", "2,0,0,0"), ("view", "2,0,0,0,0\n"), ("view", "1e1,0,0,0,0"), ("view", "٢,0,0,0,0"), ("view", "2" * 999),
     ("point", "c,0,0"), ("point", "a,0"), ("point", "a,0,1.5"), ("point", "a,-0,0"), ("point", "a,0,0,0"),
     ("point", "a,0.5,0,0.5,1"), ("point", "a,0.5,0,0.2,1"), ("point", "a,0,inf"), ("large", "lines"), ("large", "")],
)  # fmt: skip
def test_what_cannot_be_meant_is_left_out(name, text):
    assert seen.read({name: text}) == {}
