import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skattn import Graph
from skattn.metrics import _graph_statistics, graph_statistics

PATH = Graph([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
TRIANGLE = Graph([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
ALONE = Graph([[0]])


def test_degrees_are_shares_up_to_the_largest_of_all_graphs():
    found = graph_statistics([PATH, ALONE], "degree")
    assert_allclose(found, [[0, 2 / 3, 1 / 3], [1, 0, 0]])


def test_clustering_is_a_histogram_between_0_and_1():
    found = graph_statistics([PATH, TRIANGLE], "clustering")
    assert found.shape == (2, 100)
    assert_array_equal(found[:, [0, -1]], [[1, 0], [0, 1]])


def test_clustering_agrees_with_networkx(random_graphs):
    networkx = pytest.importorskip("networkx")
    graphs = random_graphs(30)
    expected = []
    for graph in graphs:
        coefficients = networkx.clustering(
            networkx.from_scipy_sparse_array(graph.adjacency)
        ).values()
        counts, _ = np.histogram(list(coefficients), bins=100, range=(0, 1))
        expected.append(counts / graph.n_nodes)
    assert_allclose(graph_statistics(graphs, "clustering"), expected)


def test_orbits_are_means_over_the_nodes():
    found = graph_statistics([PATH, TRIANGLE], "orbit")
    assert found.shape == (2, 15)
    assert_allclose(found[:, :4], [[4 / 3, 2 / 3, 1 / 3, 0], [2, 0, 0, 1]])
    assert_array_equal(found[:, 4:], 0)


def test_the_spectrum_is_that_of_the_normalised_laplacian():
    found = graph_statistics([PATH, TRIANGLE, ALONE], "spectrum")
    assert found.shape == (3, 200)
    # path: 0, 1, 2; triangle: 0, 3/2, 3/2; a node alone: 0
    path, triangle, alone = (np.flatnonzero(row) for row in found)
    assert_array_equal(path[[0, 2]], [0, 199])
    assert 98 <= path[1] <= 100
    assert_allclose(found[1, triangle], [1 / 3, 2 / 3])
    assert 149 <= triangle[1] <= 150
    assert_array_equal(alone, [0])


def test_eigenvalues_agree_with_networkx_also_in_blocks(random_graphs, monkeypatch):
    networkx = pytest.importorskip("networkx")
    monkeypatch.setattr(_graph_statistics, "_BLOCK", 100)
    graphs = random_graphs(30, seed=3)
    found = graph_statistics(graphs, "spectrum")
    ends = np.linspace(-1e-5, 2, 201)
    for graph, row in zip(graphs, found, strict=True):
        plain = networkx.from_scipy_sparse_array(graph.adjacency)
        matrix = networkx.normalized_laplacian_matrix(plain).toarray()
        values = np.sort(np.linalg.eigvalsh(matrix))
        bins = np.repeat(np.arange(200), np.rint(row * graph.n_nodes).astype(int))
        assert np.all(values > ends[bins] - 1e-9)
        assert np.all(values < ends[bins + 1] + 1e-9)


@pytest.mark.parametrize("statistic", ["degree", "clustering", "spectrum"])
def test_shares_sum_to_one(random_graphs, statistic):
    assert_allclose(graph_statistics(random_graphs(20), statistic).sum(axis=1), 1)


@pytest.mark.parametrize("statistic", ["degree", "clustering", "orbit"])
def test_the_numbering_of_the_nodes_does_not_matter(
    random_graphs, renumbered, statistic
):
    graphs = random_graphs(20)
    others = [renumbered(graph, seed) for seed, graph in enumerate(graphs)]
    expected = graph_statistics(graphs, statistic)
    assert_array_equal(graph_statistics(others, statistic), expected)


def test_an_unknown_statistic_is_an_error():
    with pytest.raises(ValueError, match="statistic must be one of"):
        graph_statistics([PATH], "diameter")
