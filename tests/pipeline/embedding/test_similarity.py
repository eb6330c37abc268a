"""The means are those over all pairs, and the picture is a picture."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.embedding.matrix_plot import write_matrix
from pipeline.embedding.sheet import Tile, write_sheet
from pipeline.embedding.similarity import means, pair_means, spread
from pipeline.embedding.vectors import unit


def brute(vectors, labels, first, second):
    """The mean over all pairs of two different rows of two classes, pair by pair."""
    values = [
        vectors[i] @ vectors[j]
        for i, j in itertools.permutations(range(len(labels)), 2)
        if labels[i] == first and labels[j] == second
    ]
    return np.mean(values) if values else np.nan


@settings(deadline=None)
@given(st.lists(st.sampled_from([0, 3, 7]), min_size=1, max_size=12), st.integers(0, 2**16))
def test_means_are_over_all_pairs_of_two_different_examples(labels, seed):
    labels = np.array(labels)
    vectors = unit(np.random.default_rng(seed).normal(size=(len(labels), 4)).astype("float32"))
    found, ids = means(vectors, labels), np.unique(labels)
    expected = [[brute(vectors, labels, first, second) for second in ids] for first in ids]
    # float32 vectors.
    np.testing.assert_allclose(found, expected, atol=1e-6)
    pairs = [
        (labels[i] == labels[j], vectors[i] @ vectors[j]) for i, j in itertools.permutations(range(len(labels)), 2)
    ]
    counts = np.unique(labels, return_counts=True)[1]
    for same, value in zip((True, False), pair_means(found, counts), strict=True):
        own = [number for equal, number in pairs if equal == same]
        assert value == pytest.approx(np.mean(own), abs=1e-6) if own else value is None


def test_a_vector_of_zeros_stays():
    assert unit(np.array([[0.0, 0.0], [3.0, 4.0]])).tolist() == [[0.0, 0.0], [0.6, 0.8]]


def test_as_many_rows_of_each_class_are_drawn_sorted_by_class():
    labels = np.array([2, 0, 0, 2, 0, 1, 0, 0])
    rows = spread(labels, 6)
    assert labels[rows].tolist() == [0, 0, 1, 2, 2]
    assert rows.tolist() == [1, 7, 5, 0, 3]
    assert len(spread(labels, 1)) == 3


def test_pictures_are_written_whole(tmp_path):
    write_matrix(tmp_path / "matrix.png", np.eye(3), np.array([0, 0, 1]), {0: "a", 1: "b"}, "title")
    tiles = [Tile(np.zeros((4, 6, channels), np.uint8), "x") for channels in (1, 3, 4)]
    write_sheet(tmp_path / "sheet.png", tiles * 4)
    assert {path.name for path in tmp_path.iterdir()} == {"matrix.png", "sheet.png"}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in tmp_path.iterdir())
