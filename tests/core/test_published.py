"""The presets give what the two public PAIR-X codes gave on two photographs of the herd, in float32 at 288 px."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import pairx
from pairx import core
from pairx.choices import values_of
from pairx.datasets import load_herd
from pairx.methods import options_of
from pairx.models import EmbeddingModel
from pairx.types import Explanation, ImagePair, InputError

GIVEN = json.loads((Path(__file__).parent / "published.json").read_text())
"""By preset and model, at blocks.4: the ten best matches; cells from (0, 0) on, 4 apart; pixels of the best match's map
from (80, 80) on, 24 apart; `largest`, the highest of each whole map.
"""


@pytest.mark.parametrize("given", GIVEN)
def test_a_preset_gives_what_the_public_code_gives(given: str) -> None:
    (preset, name), expected = given.split(), GIVEN[given]
    photographs = load_herd().table.set_index("image_id")["path"]
    pair = pairx.load_pair(photographs["chui-1"], photographs["chui-2"])
    found = pairx.explain(pairx.load_model(name, size=288), pair, layer="blocks.4", preset=preset, k_colors=1)
    for side in (0, 1):
        assert getattr(found.matches, f"cells{side}")[:10].tolist() == expected[f"cells{side}"]
        cells, (pixels,) = getattr(found, f"map{side}"), getattr(found, f"pixel_maps{side}")
        for shown, which, largest in (
            (cells[::4, ::4], f"map{side}", expected["largest"][side]),
            (pixels[80::24, 80::24], f"pixels{side}", expected["largest"][2 + side]),
        ):
            assert shown.max() > 0.1 * largest, "they are not all next to nothing"
            np.testing.assert_allclose(shown.ravel(), expected[which], rtol=0, atol=1e-4 * largest)
    assert found.notes[0].startswith("Relevance is shown without its sign")
    np.testing.assert_allclose(found.matches.relevance[:10], expected["relevance"], rtol=1e-4)


def test_options_given_besides_a_preset_go_before_it() -> None:
    assert options_of("pair-x", preset="paper") == core.Options()
    assert options_of("pair-x", preset="wildme", cells="signed", engine="fast").cells == "signed"
    assert options_of("pair-x", preset="wildme").seed == "gradient_times_cosine"
    with pytest.raises(InputError, match=r"no preset 'authors'\. Choose paper, pairx, wildme"):
        options_of("pair-x", preset="authors")
    with pytest.raises(InputError, match="grad-cam has no option 'preset'"):
        options_of("grad-cam", preset="pairx")


def test_absolute_pixel_maps_have_the_magnitudes_of_signed_ones(tiny: EmbeddingModel, pair: ImagePair) -> None:
    signed, absolute = (explained(tiny, pair, pixels) for pixels in values_of("pixels"))
    assert (signed.pixel_maps0 < 0).any()
    np.testing.assert_array_equal(absolute.pixel_maps0, np.abs(signed.pixel_maps0))


def explained(model: EmbeddingModel, pair: ImagePair, pixels: str) -> Explanation:
    return pairx.explain(model, pair, k_colors=2, pixels=pixels, seed="gradient", cells="abs_of_sum", start="relevance")
