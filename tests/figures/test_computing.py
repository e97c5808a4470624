"""What panels hold is what their methods say, and nothing is computed twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pairx import load_pair, methods
from pairx.core import correspondence
from pairx.figures import Figure, SpecError, cache, computing
from pairx.types import Explanation, InputError, Refusal
from tests.figures.made_up import SPEC, TINY, computed, photographs


def result(figure: Figure, row: int = 0, column: int = 0) -> Explanation:
    found = figure.panels[row][column].result
    assert isinstance(found, Explanation)
    return found


def test_panels_hold_what_the_methods_say(tmp_path: Path) -> None:
    figure = computed(SPEC, photographs(tmp_path))
    pair = load_pair(tmp_path / "a.png", tmp_path / "c.png")
    for column, name in enumerate(("pair-x", "grad-cam")):
        own = methods.explain(TINY, pair, name, **({"k_colors": 0} if name == "pair-x" else {}))
        np.testing.assert_allclose(result(figure, 1, column).map0, own.map0, atol=1e-6)  # type: ignore[arg-type]
        assert result(figure, 1, column).settings == own.settings
    assert [[panel.correct for panel in row] for row in figure.panels] == [[True, True], [False, False]]
    assert figure.column_titles == ("PAIR-X", "Grad-CAM") and figure.row_titles == ("a and b", "a and c")


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The methods that are computed from now on."""
    found: list[str] = []
    pair_x, others = computing.core.explain_steps, computing.baselines.explain

    def first(*given, **how):  # type: ignore[no-untyped-def]
        found.append("pair-x")
        return pair_x(*given, **how)

    def second(at, name, options):  # type: ignore[no-untyped-def]
        found.append(name)
        return others(at, name, options)

    monkeypatch.setattr(computing.core, "explain_steps", first)
    monkeypatch.setattr(computing.baselines, "explain", second)
    return found


def test_titles_and_looks_compute_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = computed(SPEC, photographs(tmp_path))
    found = counted(monkeypatch)
    again = computed(SPEC.replace("Stripes", "Spots") + "lines: 5\nopacity: 0.5\noutlines: on\n", tmp_path)
    assert found == []
    np.testing.assert_array_equal(result(again).map0, result(before).map0)  # type: ignore[arg-type]
    assert result(again).settings == result(before).settings
    computed(SPEC.replace("grad-cam]", "grad-cam, layercam]"), tmp_path)
    assert found == ["layercam"] * 2
    found.clear()
    computed(SPEC + "options: {cells: abs_of_sum}\n", tmp_path)
    assert found == ["pair-x"] * 2


def test_equal_panels_are_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photographs(tmp_path)
    found = counted(monkeypatch)
    columns = "columns: [{show: map}, {show: matches}, {show: both}, {method: sam, options: {background: mean}}]"
    computed(f"rows: {{pairs: [[a.png, b.png]]}}\n{columns}", tmp_path)
    assert sorted(found) == ["pair-x", "sam"]


def test_another_photograph_of_the_same_name_is_not_the_old_one(tmp_path: Path) -> None:
    before = result(computed(SPEC, photographs(tmp_path)))
    (tmp_path / "c.png").rename(tmp_path / "b.png")
    after = result(computed("rows: {pairs: [[a.png, b.png]]}", tmp_path))
    assert after.similarity != before.similarity


def test_a_damaged_result_is_computed_again(tmp_path: Path) -> None:
    before = computed(SPEC, photographs(tmp_path))
    for file in (cache.cache_folder() / cache.FOLDER).glob("*.npz"):
        file.write_bytes(file.read_bytes()[:100])
    np.testing.assert_array_equal(result(computed(SPEC, tmp_path)).map0, result(before).map0)  # type: ignore[arg-type]


def test_notes_on_photographs_are_of_their_names(tmp_path: Path) -> None:
    """The cache knows a result by pixels, and two files may be the same."""
    photographs(tmp_path)
    (tmp_path / "d.png").write_bytes((tmp_path / "a.png").read_bytes())
    first = computed("rows: {pairs: [[a.png, b.png]]}", tmp_path)
    second = computed("rows: {pairs: [[d.png, b.png]]}", tmp_path)
    assert any(note.startswith("a:") for note in first.notes)
    assert any(note.startswith("d:") for note in second.notes) and not any(n.startswith("a:") for n in second.notes)


def test_all_that_cannot_be_had_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_text("no photograph")
    with pytest.raises(SpecError) as caught:
        computed(
            "rows:\n  pairs:\n    - [sample:nobody-1, b.png]\n    - [a.png, a.png]\n"
            "    - {run: gone, view: most similar pairs}\ncolumns:\n  layers:\n    - nowhere",
            photographs_but_b(tmp_path),
        )
    assert [line for line, _ in caught.value.problems] == [3, 3, 5, 8]


def photographs_but_b(folder: Path) -> Path:
    kept = (folder / "b.png").read_bytes()
    photographs(folder)
    (folder / "b.png").write_bytes(kept)
    return folder


def test_a_method_that_cannot_run_says_so_in_its_panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_given: object) -> None:
        raise InputError("This network has no such thing.")

    monkeypatch.setattr(computing.baselines, "explain", refused)
    found = computed("rows: {pairs: [[a.png, b.png]]}\nmethod: vesm", photographs(tmp_path)).panels[0][0].result
    assert found == Refusal("vesm", "This network has no such thing.")


def test_a_point_is_answered_and_labels_are_carried_over(tmp_path: Path) -> None:
    text = """
method: sam
rows: {pairs: [{a: a.png, b: b.png, point: [0.25, 0.75], labels: [{name: top, box: [0, 0, 1, 0.5]}]}]}
columns: {shows: [point, labels]}
"""
    point, labels = computed(text, photographs(tmp_path)).panels[0]
    tensor = methods.explain(TINY, load_pair(tmp_path / "a.png", tmp_path / "b.png"), "sam").tensor
    assert point.answer is not None and tensor is not None
    # The centre of the grid's column 1 and row 4, of 6 x 6 cells.
    np.testing.assert_allclose(point.answer.cells, tensor[4, 1], atol=1e-6)
    (moved,) = labels.transfers
    assert moved.mask0[:128].all() and not moved.mask0[128:].any()
    assert moved.mask1.sum() == moved.mask0.sum()
    assert point.result is not None and point.result.tensor is None  # type: ignore[union-attr]


def test_one_point_needs_no_tensor(tmp_path: Path) -> None:
    """Point-to-point activation answers for a place by a pass of its own, as its tensor would."""
    text = "method: point-to-point\nrows: {pairs: [{a: a.png, b: b.png, point: [0.3, 0.6]}]}\nshow: point"
    (panel,) = computed(text, photographs(tmp_path)).panels[0]
    tensor = methods.explain(TINY, load_pair(tmp_path / "a.png", tmp_path / "b.png"), "point-to-point").tensor
    assert panel.answer is not None and tensor is not None
    by_tensor = correspondence.partners(tensor, correspondence.at_point((0.3, 0.6), tensor.shape[:2]))
    np.testing.assert_allclose(panel.answer.cells, by_tensor, atol=1e-6)


def test_a_photograph_as_background_changes_the_result(tmp_path: Path) -> None:
    text = "rows: {pairs: [[a.png, b.png]]}\nmethod: sam\ncolumns: [{show: map}, {background: c.png}]"
    plain, rather = computed(text, photographs(tmp_path)).panels[0]
    assert not np.allclose(plain.result.map0, rather.result.map0)  # type: ignore[union-attr]
    assert {one.source for one in computed(text, tmp_path).used} == {"a.png", "b.png", "c.png"}


def test_pairs_of_a_run_are_those_that_its_view_names() -> None:
    text = "rows: {pairs: [{run: sample, view: most plausible incorrect, first: 2}]}\nshow: photographs\noutlines: on"
    figure = computed(text + "\nscatter: {run: sample}", Path())
    assert [row[0].correct for row in figure.panels] == [False, False]
    assert [row[0].number for row in figure.panels] == [1, 2]
    assert figure.points is not None
    incorrect = figure.points.rows[~figure.points.rows["correct"]]
    assert [pin[1] for pin in figure.points.pins] == incorrect[figure.points.metric].nlargest(2).tolist()


@pytest.mark.parametrize("box", [[0.5, 0.5, 0.25, 0.25], [32, 24, 16, 12]])
def test_insets_are_fractions_or_pixels(tmp_path: Path, box: list[float]) -> None:
    text = f"rows: {{pairs: [{{a: a.png, b: b.png, insets: [{{photograph: first, box: {box}}}]}}]}}\nshow: photographs"
    assert computed(text, photographs(tmp_path)).panels[0][0].insets == ((0, (0.5, 0.5, 0.25, 0.25)),)


def test_an_inset_outside_of_its_photograph_is_told(tmp_path: Path) -> None:
    text = (
        "rows: {pairs: [{a: a.png, b: b.png, insets: [{photograph: first, box: [900, 900, 9, 9]}]}]}\nshow: photographs"
    )
    with pytest.raises(SpecError, match=r"line 1: .*outside"):
        computed(text, photographs(tmp_path))
