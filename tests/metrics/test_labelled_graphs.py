import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from skattn import Graph
from skattn.metrics._labelled_graphs import LabelledGraphs

PAIR = [[0, 1], [1, 0]]


def codes_of(X):
    return LabelledGraphs.of([Graph(PAIR, X[:2]), Graph(PAIR, X[2:])]).node_codes


@pytest.mark.parametrize(
    "X",
    [
        np.array([[1, 2], [1, 3], [1.0, 2], [0, 3]]),
        np.array([["a", "x"], ["a", "y"], ["a", "x"], ["b", "y"]]),
        np.array([[1, "x"], [1, None], [1, "x"], [2, None]], dtype=object),
        np.array([[1, np.nan], [1, 3], [1.0, np.nan], [0, 3]]),
        np.array([[1, float("nan")], [1, 3], [1, float("nan")], [0, 3]], dtype=object),
        pd.DataFrame({"a": [1, 1, 1, 2], "b": ["x", "y", "x", "y"]}),
        sparse.csr_array([[1, 2], [1, 3], [1.0, 2], [0, 3]]),
    ],
    ids=["numbers", "texts", "objects", "nan", "nan objects", "frame", "sparse"],
)
def test_equal_rows_have_equal_codes(X):
    first, second, third, fourth = codes_of(X).tolist()
    assert first == third
    assert len({first, second, fourth}) == 3


def test_without_features_all_nodes_are_equal():
    labelled = LabelledGraphs.of([Graph(PAIR), Graph(PAIR)])
    assert len(set(labelled.node_codes.tolist())) == 1


def test_edges_are_equal_if_weights_and_features_are():
    graphs = [
        Graph(np.multiply(PAIR, weight), edge_features=[[kind], [kind]])
        for weight, kind in [(1, 5), (2, 5), (1, 6), (1, 5)]
    ]
    codes = LabelledGraphs.of(graphs).edge_codes.reshape(4, 2)
    assert_array_equal(codes[:, 0], codes[:, 1])
    assert_array_equal(codes[0], codes[3])
    assert len(set(codes[:, 0].tolist())) == 3


def test_some_graphs_are_taken_in_order():
    path = Graph([[0, 1, 0], [1, 0, 1], [0, 1, 0]], [[0], [1], [2]])
    pair = Graph(PAIR, [[7], [8]])
    taken = LabelledGraphs.of([pair, path]).take([1, 0, 1])
    expected = LabelledGraphs.of([path, pair, path])
    for name in ("indptr", "indices", "edge_codes", "node_codes", "node_ptr"):
        assert_array_equal(getattr(taken, name), getattr(expected, name), name)


def test_edges_are_renumbered_and_sorted():
    labelled = LabelledGraphs.of(
        [Graph(PAIR), Graph([[0, 1, 0], [0, 0, 1], [0, 0, 0]])]
    )
    found = labelled.entries(1, np.array([2, 0, 1]))  # 0 → 1 → 2 is 2 → 0 → 1
    columns = set(zip(*found[:2].tolist(), strict=True))
    assert columns == {(2, 0), (0, 1)}
