import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from skattn import Graph
from skattn.graph._fitted_nodes import FittedNodes, row_identities

RING = np.array([[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]])
NAMES = pd.Index(["a", "b", "c", "d"], name="id")


def found(nodes, graph, at=None):
    """Index of the fitted node at every position of a graph; None for another graph."""
    index = nodes.index_in(graph, np.arange(graph.n_nodes) if at is None else at)
    return None if index is None else index.tolist()


def test_rows_of_a_table_come_first_in_later_ones():
    nodes = FittedNodes.of_table(np.array([1, 3]))
    assert nodes.are_rows
    assert nodes.index_in(None, np.arange(6)).tolist() == [-1, 0, -1, 1, -1, -1]


def test_nodes_with_labels_are_found_by_label_in_any_graph():
    nodes = FittedNodes.of_graph(Graph(RING, nodes=NAMES), np.array([0, 2, 3]))
    other = Graph([[0, 1, 1], [0, 0, 1], [0, 0, 0]], nodes=["d", "x", "a"])
    assert found(nodes, other) == [2, -1, 0]
    assert found(nodes, other, np.array([2, 1])) == [0, -1]
    assert found(nodes, other, np.array([1])) == [-1]
    assert found(nodes, Graph(np.eye(2), nodes=["x", "y"])) is None


def test_nodes_without_labels_are_found_in_the_same_graph():
    nodes = FittedNodes.of_graph(Graph(RING), np.array([0, 2]))
    same = Graph(RING.copy(), np.ones((4, 1)))
    assert found(nodes, same) == [0, -1, 1, -1]
    assert found(nodes, same, np.array([3, 2])) == [-1, 1]


@pytest.mark.parametrize(
    "other",
    [
        np.roll(RING, 1, axis=1),  # as many edges
        RING * (np.arange(4) < 3),  # fewer edges
        np.eye(1),
    ],
)
def test_nodes_without_labels_are_not_in_another_graph(other):
    nodes = FittedNodes.of_graph(Graph(RING), np.array([0, 2]))
    assert found(nodes, Graph(other)) is None


def test_labels_are_not_compared_with_positions():
    named, plain = Graph(RING, nodes=NAMES), Graph(RING)
    at = np.array([0, 2])
    assert found(FittedNodes.of_graph(named, at), plain) is None
    assert found(FittedNodes.of_graph(plain, at), named) is None


def test_some_of_many_nodes_identify_their_graph():
    n = 5000
    path = sp.diags_array([np.ones(n - 1)], offsets=[1])
    nodes = FittedNodes.of_graph(Graph(path), np.arange(n))
    assert found(nodes, Graph(path)) == list(range(n))
    assert found(nodes, Graph(path.T)) is None


@pytest.mark.parametrize(
    "names",
    [None, NAMES, pd.Index([1, "b", 2.5, None]), pd.date_range("2020", periods=4)],
    ids=["none", "text", "mixed", "dates"],
)
def test_parts_make_the_same_nodes(names):
    nodes = FittedNodes.of_graph(Graph(RING, nodes=names), np.array([1, 3]))
    again = FittedNodes.of_parts(*nodes.parts())
    assert found(again, Graph(RING, nodes=names)) == [-1, 0, -1, 1]


@pytest.mark.parametrize(
    "parts",
    [
        ([0, 1], None, None),
        (np.array([0.0]), None, None),
        (np.array([[0]]), None, None),
        (np.array([], np.int64), None, None),
        (np.array([1, 1]), None, None),
        (np.array([2, 1]), None, None),
        (np.array([-1, 1]), None, None),
        (np.array([0, 1]), None, 5),
        (np.array([0, 1]), ("id", np.array(["a"]), False), "ab"),
    ],
)
def test_invalid_parts_are_refused(parts):
    with pytest.raises(ValueError, match="it has"):
        FittedNodes.of_parts(*parts)


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array, sp.csc_array])
def test_equal_rows_have_the_same_identity(kind):
    X = kind(np.array([[1.0, 0], [2, 3], [1, -0.0], [0, 1], [2, 3]]))
    identity = row_identities(X)
    pairs = identity[:, None] == identity
    expected = np.eye(5, dtype=bool)
    expected[[0, 2, 1, 4], [2, 0, 4, 1]] = True
    np.testing.assert_array_equal(pairs, expected)


def test_rows_in_a_column_and_in_float32_are_compared():
    assert len(np.unique(row_identities(np.float32([[1], [2], [1]])))) == 2
