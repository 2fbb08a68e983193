import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse.csgraph import connected_components

from skattn.datasets import make_community_graphs
from skattn.metrics import is_novel


def test_graphs_are_connected_and_undirected_of_the_given_sizes():
    graphs, communities = make_community_graphs(60, random_state=0)
    assert {g.n_nodes for g in graphs} == set(range(12, 21))
    for graph, y in zip(graphs, communities, strict=True):
        assert connected_components(graph.adjacency, return_labels=False) == 1
        assert (graph.adjacency != graph.adjacency.T).nnz == 0
        assert graph.adjacency.diagonal().sum() == 0
        assert abs(np.diff(np.bincount(y, minlength=2))[0]) <= 1


def test_edge_rates_are_the_given_ones():
    options = {"min_nodes": 20, "max_nodes": 20, "p_within": 0.8, "p_between": 0.3}
    graphs, communities = make_community_graphs(150, **options, random_state=0)
    adjacency = np.stack([graph.adjacency.toarray() for graph in graphs])
    y = np.stack(communities)
    same = y[:, :, None] == y[:, None]
    pairs = np.broadcast_to(~np.eye(20, dtype=bool), same.shape)
    # 13 500 and 15 000 pairs: a standard error of 0.004
    assert adjacency[same & pairs].mean() == pytest.approx(0.8, abs=0.02)
    assert adjacency[~same].mean() == pytest.approx(0.3, abs=0.02)


def test_blocks_are_drawn_anew():
    graphs, _ = make_community_graphs(100, random_state=0)
    assert is_novel(graphs[80:], graphs[:80]).all()


def test_certain_edges_make_cliques_of_each_community():
    (graph,), (y,) = make_community_graphs(
        1, 3, min_nodes=9, max_nodes=9, p_within=1, p_between=0.2, random_state=0
    )
    same = (y[:, None] == y) & ~np.eye(9, dtype=bool)
    assert_array_equal(graph.adjacency.toarray()[same], 1)
    assert_array_equal(np.bincount(y), [3, 3, 3])


def test_graphs_that_cannot_be_connected_are_errors():
    with pytest.raises(ValueError, match="so large that graphs are connected"):
        make_community_graphs(1, p_between=0, random_state=0)
    with pytest.raises(ValueError, match="min_nodes must be at least 4, got 3"):
        make_community_graphs(1, 4, min_nodes=3)
    with pytest.raises(ValueError, match="max_nodes must be at least 12, got 11"):
        make_community_graphs(1, max_nodes=11)


def test_same_seed_same_graphs():
    first, second = (make_community_graphs(3, random_state=3)[0] for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert (one.adjacency != other.adjacency).nnz == 0
