from collections import Counter

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skattn.datasets import make_trees


def edges_of(graph):
    return frozenset(map(tuple, np.argwhere(np.triu(graph.adjacency.toarray()))))


def test_trees_are_connected_and_have_one_edge_less_than_nodes():
    networkx = pytest.importorskip("networkx")
    graphs, log_p = make_trees(50, 9, random_state=0)
    assert len(graphs) == len(log_p) == 50
    for graph in graphs:
        assert graph.n_edges == 16
        assert networkx.is_tree(networkx.from_scipy_sparse_array(graph.adjacency))


def test_all_sixteen_trees_of_four_nodes_are_equally_frequent():
    graphs, log_p = make_trees(3200, 4, random_state=0)
    counts = Counter(map(edges_of, graphs))
    assert len(counts) == 16
    assert_allclose(np.exp(log_p), 1 / 16)
    # 200 of each; a standard deviation of 13.7
    assert max(abs(count - 200) for count in counts.values()) < 62


@pytest.mark.parametrize(("n_nodes", "n_edges"), [(1, 0), (2, 2), (3, 4)])
def test_the_smallest_trees(n_nodes, n_edges):
    (graph,), log_p = make_trees(1, n_nodes, random_state=0)
    assert (graph.n_nodes, graph.n_edges) == (n_nodes, n_edges)
    assert_allclose(log_p, -np.log({1: 1, 2: 1, 3: 3}[n_nodes]))


def test_same_seed_same_trees():
    first, second = (make_trees(5, random_state=3)[0] for _ in range(2))
    assert list(map(edges_of, first)) == list(map(edges_of, second))


def test_numbers_that_are_none_are_errors():
    with pytest.raises(ValueError, match="n_nodes must be at least 1, got 0"):
        make_trees(3, 0)
    with pytest.raises(TypeError, match="n_graphs must be a whole number"):
        make_trees(2.5)
