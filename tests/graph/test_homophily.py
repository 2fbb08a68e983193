import numpy as np
import pytest
from scipy import sparse

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


@pytest.fixture(params=[np.asarray, sparse.csr_array], ids=["dense", "sparse"])
def agreement(request):
    """A function: compare some rows of 0, 1, 3, 7, 8 with the nearest one.

    The nearest others are 1, 0, 1, 4, 3.
    """
    X = np.array([[0.0], [1], [3], [7], [8]], np.float32)
    line = TableContext(request.param(X), n_neighbors=2)

    def compare(y, rows=range(5)):
        view, _ = line.split(np.array(rows), None)
        return nearest_homophily(line, view, np.array(y))

    return compare


def test_the_nearest_rows_of_a_table_are_compared(agreement):
    # 4 of 5 agree; each class has 5 of the 10 ends
    assert agreement([0, 0, 1, 1, 1]) == pytest.approx(0.6)
    assert agreement([1, 1, 0, 0, 0]) == pytest.approx(0.6)


def test_rows_without_a_class_and_other_rows_of_the_table_do_not_count(agreement):
    # row 2 is next to row 1, which is not given; rows 3 and 4 agree
    assert agreement([0, 1, 1], rows=[2, 3, 4]) is None
    # 0 and 1 differ, 3 and 4 agree: ends 2 of class 0, 6 of class 1
    expected = (0.5 - (1 / 16 + 9 / 16)) / (1 - 10 / 16)
    assert agreement([0, 1, -1, 1, 1]) == pytest.approx(expected)


def test_large_tables_are_sampled_evenly(agreement, monkeypatch):
    monkeypatch.setattr(_homophily, "MAX_ROWS", 2)
    assert agreement([0, 0, 1, 1, 1]) == 1  # rows 0 and 4, next to 1 and 3


def test_the_nearest_rows_are_those_of_the_search():
    X = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)
    table = TableContext(X, 4, column_weights=np.array([1.0, 0.1, 10]))
    rows = np.arange(0, 30, 3)
    senders = table.nearest_senders(table.adjacency, rows)
    np.testing.assert_array_equal(senders, (rows, table.neighbors[rows, 0]))


def test_a_row_without_others_is_not_compared():
    alone = TableContext(np.ones((1, 1), np.float32), n_neighbors=1)
    view = Graph(np.zeros((1, 1)), alone.features)
    assert nearest_homophily(alone, view, np.array([0])) is None
