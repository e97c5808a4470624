import numpy as np

from pairx.core.walk import APART, stops, walk


def test_a_walk_stops_where_the_evidence_is_strongest() -> None:
    tensor = np.zeros((8, 8, 4, 4))
    for strength, (row, column) in enumerate([(1, 1), (1, 6), (6, 6), (6, 1)], start=1):
        tensor[row, column, 2, 3] = strength
    tensor[6, 2, 0, 0] = 3.5  # beside the strongest, but too near
    found = stops(tensor, 4)
    assert {tuple(place) for place in found * 8} == {(1.5, 1.5), (6.5, 1.5), (6.5, 6.5), (1.5, 6.5)}
    assert (np.hypot(*np.diff(found, axis=0).T) == 5 / 8).all(), "around, never across"


def test_stops_keep_their_distance() -> None:
    found = stops(np.random.default_rng(0).normal(size=(16, 16, 3, 3)), 6)
    apart = np.hypot(*(found[:, None] - found[None]).transpose(2, 0, 1)) + np.eye(6)
    assert len(found) == 6 and apart.min() >= APART


def test_a_walk_has_equal_steps_and_closes() -> None:
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])
    np.testing.assert_allclose(
        walk(corners, 8), [[0, 0], [0.5, 0], [1, 0], [1, 0.5], [1, 1], [0.5, 1], [0, 1], [0, 0.5]]
    )
    np.testing.assert_array_equal(walk(corners[:1], 1), corners[:1])
