import numpy as np
import pytest

from skattn.datasets import make_communities


def test_certain_edges_make_separate_cliques():
    graph, y = make_communities(7, 2, p_within=1, p_between=0, random_state=0)
    expected = (y[:, None] == y) & ~np.eye(7, dtype=bool)
    np.testing.assert_array_equal(graph.adjacency.toarray(), expected)
    assert sorted(np.bincount(y)) == [3, 4]


def test_edges_are_undirected_without_loops():
    graph, _ = make_communities(random_state=0)
    assert (graph.adjacency != graph.adjacency.T).nnz == 0
    assert graph.adjacency.diagonal().sum() == 0
    assert not graph.is_weighted


def test_edge_rates_are_the_given_ones():
    graph, y = make_communities(600, 3, p_within=0.3, p_between=0.1, random_state=0)
    adjacency = graph.adjacency.toarray()
    same = y[:, None] == y
    pairs = ~np.eye(600, dtype=bool)
    # 59 700 and 120 000 pairs: a standard error of 0.002 and 0.001
    assert adjacency[same & pairs].mean() == pytest.approx(0.3, abs=0.01)
    assert adjacency[~same].mean() == pytest.approx(0.1, abs=0.01)


def test_without_separation_features_are_uninformative():
    graph, y = make_communities(2000, class_sep=0.0, random_state=0)
    means = [graph.X[y == one].mean(axis=0) for one in (0, 1)]
    assert np.abs(means[0] - means[1]).max() < 0.2  # 4.5 standard errors
    graph, y = make_communities(2000, class_sep=5.0, random_state=0)
    means = [graph.X[y == one].mean(axis=0) for one in (0, 1)]
    assert np.abs(means[0] - means[1]).max() > 1


def test_same_seed_same_graph():
    one, y_one = make_communities(random_state=4)
    two, y_two = make_communities(random_state=4)
    np.testing.assert_array_equal(y_one, y_two)
    np.testing.assert_array_equal(one.X, two.X)
    assert (one.adjacency != two.adjacency).nnz == 0
