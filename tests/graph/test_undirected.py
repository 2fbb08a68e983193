import numpy as np
import pytest
from scipy import sparse

from skattn import Graph
from skattn.graph._collection import GraphCollection
from skattn.graph._undirected import check_symmetric, check_undirected

PAIR = Graph([[0, 1], [1, 0]])
PATH = [[0, 1, 0], [1, 0, 1], [0, 1, 0]]


def check(*graphs):
    check_undirected(GraphCollection.of(graphs))


def test_undirected_graphs_are_accepted():
    check(PAIR, Graph(PATH), Graph([[0]]))


def test_edge_in_one_direction_is_named():
    with pytest.raises(
        ValueError, match=r"edge 2 -> 0 without 0 -> 2 in graph 1.*A\.T"
    ):
        check(PAIR, Graph([[0, 1, 0], [1, 0, 0], [1, 0, 0]]))


def test_self_loop_is_named():
    with pytest.raises(ValueError, match="self-loops, got one at node 1 of graph 1"):
        check(PAIR, Graph([[0, 1], [1, 1]]))


def test_weight_is_named():
    with pytest.raises(ValueError, match="no weights, got 2 for 0 -> 1 in graph 0"):
        check(Graph([[0, 2], [2, 0]]))


def test_parallel_edges_are_named():
    twice = sparse.csr_array((np.ones(4), [1, 1, 0, 0], [0, 2, 4]), shape=(2, 2))
    graph = Graph(twice, edge_features=np.ones((4, 1)))
    with pytest.raises(ValueError, match=r"at most one edge.*0 -> 1 in graph 0"):
        check(graph)


def test_labels_that_differ_by_direction_are_named():
    collection = GraphCollection.of([PAIR, Graph(PATH)])
    check_symmetric(collection, np.array([1, 1, 1, 1, 2, 2]))
    with pytest.raises(ValueError, match="1 -> 2 and 2 -> 1 in graph 1"):
        check_symmetric(collection, np.array([1, 1, 1, 1, 1, 2]))
