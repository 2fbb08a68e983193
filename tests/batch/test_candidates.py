import numpy as np
import pytest
from scipy import sparse

from skattn import Graph
from skattn._batch._candidates import edge_candidates, is_directed, node_candidates
from skattn.graph._answer_graph import AnswerGraph

# node 0 attends to 0, 1 and 2; nodes 1 and 2 to node 0
STAR = np.array([[1, 1, 1], [1, 0, 0], [1, 0, 0]])


def answer(adjacency, X=None, **others):
    n_nodes = len(adjacency)
    X = np.ones((n_nodes, 2)) if X is None else X
    return AnswerGraph(Graph(adjacency, X, **others), np.arange(n_nodes), 0)


def test_both_directions_are_one_candidate_and_self_loops_are_none():
    (found,) = edge_candidates([answer(STAR)], directed=False)
    assert found.ends.tolist() == [[0, 1], [0, 2]]
    assert found.owner.tolist() == [-1, 0, 1, 0, 1]
    assert len(found) == 2


def test_in_a_directed_graph_each_direction_is_a_candidate():
    (found,) = edge_candidates([answer(STAR)], directed=True)
    assert found.ends.tolist() == [[0, 1], [0, 2], [1, 0], [2, 0]]
    assert found.owner.tolist() == [-1, 0, 1, 2, 3]


def test_parallel_edges_are_one_candidate():
    entries = sparse.coo_array(([1.0, 1, 1], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    graph = Graph(entries, np.ones((2, 1)), edge_features=[[1], [2], [3]])
    (found,) = edge_candidates([AnswerGraph(graph, np.arange(2), 0)], directed=True)
    assert found.owner.tolist() == [0, 0, 1]


def test_a_node_alone_has_no_candidate():
    (found,) = edge_candidates([answer([[1]])], directed=False)
    assert found.ends.shape == (0, 2)


@pytest.mark.parametrize(
    ("adjacency", "expected"),
    [(STAR, False), (np.triu(STAR), True), ([[0, 2], [3, 0]], False), ([[1]], False)],
)
def test_a_graph_is_directed_if_an_edge_has_no_other_direction(adjacency, expected):
    assert is_directed(Graph(adjacency).adjacency) is expected


def test_a_removed_node_keeps_the_columns_beyond_the_baseline():
    X = np.arange(9.0).reshape(3, 3)
    (found,) = node_candidates([answer(STAR, X)], np.array([7.0, 8.0]))
    assert found.masked.tolist() == [[7, 8, 2], [7, 8, 5], [7, 8, 8]]
    assert X[0].tolist() == [0, 1, 2]
    assert found.owner.tolist() == [0, 1, 2]
    assert found.ends.tolist() == [[0, 0], [1, 1], [2, 2]]


def test_sparse_features_are_removed_by_zeros_alone():
    X = sparse.csr_array(np.eye(3))
    (found,) = node_candidates([answer(STAR, X)], np.zeros(3))
    assert sparse.issparse(found.masked)
    assert found.masked.nnz == 0
    with pytest.raises(ValueError, match="baseline must be zero for sparse features"):
        node_candidates([answer(STAR, X)], np.ones(3))
