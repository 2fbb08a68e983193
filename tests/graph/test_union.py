import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from skattn.graph import Graph

PATH = [[0, 2, 0, 0], [2, 0, 3, 0], [0, 3, 0, 4], [0, 0, 4, 0]]
X = np.arange(8.0).reshape(4, 2)


def test_union_is_block_diagonal(graph):
    other = Graph([[0, 1], [0, 0]], X[:2], nodes=pd.Index(["e", "f"], name="site"))
    both = Graph.union([graph, other])
    expected = np.zeros((6, 6))
    expected[:4, :4] = PATH
    expected[4, 5] = 1
    np.testing.assert_array_equal(both.adjacency.toarray(), expected)
    np.testing.assert_array_equal(both.X, np.concatenate([X, X[:2]]))
    assert list(both.nodes) == list("abcdef")
    assert both.nodes.name == "site"
    assert not both.is_view


def test_union_of_views_keeps_their_targets():
    part = Graph(PATH)
    both = Graph.union([part[[3, 1]], part[[0]]])
    np.testing.assert_array_equal(both.targets, [3, 1, 4])
    assert both.is_view


def test_union_keeps_parallel_edges_and_edge_features():
    entries = sparse.coo_array((np.ones(2), ([0, 0], [1, 1])), shape=(2, 2))
    part = Graph(entries, edge_features=[1, 2])
    both = Graph.union([part, part])
    np.testing.assert_array_equal(both.edge_features.ravel(), [1, 2, 1, 2])
    np.testing.assert_array_equal(both.adjacency.indptr, [0, 2, 2, 4, 4])


@pytest.mark.parametrize("make", [sparse.csr_array, sparse.csc_matrix, pd.DataFrame])
def test_union_stacks_every_kind_of_features(make):
    part = Graph(PATH, make(X))
    stacked = Graph.union([part, part]).X
    dense = stacked.toarray() if sparse.issparse(stacked) else np.asarray(stacked)
    np.testing.assert_array_equal(dense, np.concatenate([X, X]))


def test_union_refuses_graphs_with_different_features(graph):
    with pytest.raises(ValueError, match=r"labels on graph 0 and none on graph 1"):
        Graph.union([graph, Graph(PATH, X)])
    with pytest.raises(ValueError, match=r"graph 1 has 1 feature where.*with_features"):
        Graph.union([graph, Graph(PATH, X[:, :1], nodes=graph.nodes)])
    with pytest.raises(ValueError, match="at least one graph"):
        Graph.union([])
    with pytest.raises(ValueError, match="each node once"):
        Graph.union([graph, graph])
