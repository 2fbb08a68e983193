import numpy as np
import pytest

from skattn import Graph
from skattn.graph import _homophily
from skattn.graph._homophily import adjusted_homophily, nearest_homophily
from skattn.graph._table_context import TableContext


@pytest.fixture(autouse=True)
def _few_edges_are_enough(monkeypatch):
    monkeypatch.setattr(_homophily, "MIN_EDGES", 1)


def path(*edges, n=4):
    adjacency = np.zeros((n, n))
    for i, j in edges:
        adjacency[i, j] = adjacency[j, i] = 1
    return Graph(adjacency, np.zeros((n, 1)))


def test_edges_within_classes_only_have_homophily_one():
    assert adjusted_homophily(path((0, 1), (2, 3)), np.array([0, 0, 1, 1])) == 1


def test_edges_between_two_equal_classes_only_have_homophily_minus_one():
    assert adjusted_homophily(path((0, 2), (1, 3)), np.array([0, 0, 1, 1])) == -1


def test_the_share_by_chance_counts_the_degrees_of_classes():
    # ends of class 0: nodes 0 (degree 1) and 1 (degree 2); of class 1: 2 (2), 3 (1)
    graph, y = path((0, 1), (1, 2), (2, 3)), np.array([0, 0, 1, 1])
    assert adjusted_homophily(graph, y) == pytest.approx((2 / 3 - 0.5) / 0.5)


def test_unlabelled_nodes_loops_and_other_nodes_do_not_count():
    graph = path((0, 1), (1, 2), (2, 3), (0, 0))
    whole = adjusted_homophily(graph, np.array([0, 0, -1, 1]))
    assert whole is None  # one edge, of one class
    assert adjusted_homophily(graph[[1, 2, 3]], np.array([0, 1, 1])) == pytest.approx(
        (0.5 - (1 / 16 + 9 / 16)) / (1 - 10 / 16)
    )


def test_few_edges_give_no_estimate(monkeypatch):
    monkeypatch.setattr(_homophily, "MIN_EDGES", 5)
    assert adjusted_homophily(path((0, 1), (2, 3)), np.array([0, 0, 1, 1])) is None


LINE = TableContext(np.array([[0.0], [1], [3], [7], [8]], np.float32), n_neighbors=2)
"""Nearest others: 1, 0, 1, 4, 3."""


def test_the_nearest_rows_of_a_table_are_compared():
    # 4 of 5 agree; each class has 5 of the 10 ends
    y = np.array([0, 0, 1, 1, 1])
    assert nearest_homophily(LINE, np.arange(5), y) == pytest.approx(0.6)
    assert nearest_homophily(LINE, np.arange(5), 1 - y) == pytest.approx(0.6)


def test_rows_without_a_class_and_other_rows_of_the_table_do_not_count():
    # row 2 attends to row 1, which is not given; rows 3 and 4 agree
    y = np.array([0, 1, 1])
    assert nearest_homophily(LINE, np.array([2, 3, 4]), y) is None
    # 0 and 1 differ, 3 and 4 agree: ends 2 of class 0, 6 of class 1
    y = np.array([0, 1, -1, 1, 1])
    expected = (0.5 - (1 / 16 + 9 / 16)) / (1 - 10 / 16)
    assert nearest_homophily(LINE, np.arange(5), y) == pytest.approx(expected)


def test_large_tables_are_sampled_evenly(monkeypatch):
    monkeypatch.setattr(_homophily, "MAX_ROWS", 2)
    y = np.array([0, 0, 1, 1, 1])  # rows 0 and 4, which agree with 1 and 3
    assert nearest_homophily(LINE, np.arange(5), y) == 1


def test_a_table_of_one_row_has_no_neighbours():
    alone = TableContext(np.ones((1, 1), np.float32), n_neighbors=1)
    assert nearest_homophily(alone, np.array([0]), np.array([0])) is None
