import numpy as np
import pytest

from skattn import Graph
from skattn.metrics import is_novel, is_unique

PATH = Graph([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
OTHER_PATH = Graph([[0, 1, 1], [1, 0, 0], [1, 0, 0]])
TRIANGLE = Graph([[0, 1, 1], [1, 0, 1], [1, 1, 0]])


def test_the_first_of_isomorphic_graphs_is_unique():
    graphs = [TRIANGLE, PATH, OTHER_PATH, TRIANGLE]
    assert is_unique(graphs).tolist() == [True, True, False, False]


def test_novel_graphs_are_not_among_the_training_graphs():
    train = [TRIANGLE, TRIANGLE]
    found = is_novel([PATH, TRIANGLE, OTHER_PATH], train)
    assert found.tolist() == [True, False, True]


def test_graphs_with_other_labels_are_novel():
    train = [Graph(PATH.adjacency, [["C"], ["C"], ["O"]])]
    samples = [
        Graph(PATH.adjacency, [["O"], ["C"], ["C"]]),
        Graph(PATH.adjacency, [["C"], ["O"], ["C"]]),
    ]
    assert is_novel(samples, train).tolist() == [False, True]


def test_both_agree_with_networkx(random_graphs):
    networkx = pytest.importorskip("networkx")
    graphs, train = random_graphs(40), random_graphs(40, seed=1)
    plain, known = (
        [networkx.from_scipy_sparse_array(g.adjacency) for g in some]
        for some in (graphs, train)
    )
    same = networkx.is_isomorphic
    novel = [not any(same(g, other) for other in known) for g in plain]
    unique = [
        not any(same(g, other) for other in plain[:k]) for k, g in enumerate(plain)
    ]
    assert is_novel(graphs, train).tolist() == novel
    assert is_unique(graphs).tolist() == unique
    assert 0 < sum(novel) < 40
    assert 0 < sum(unique) < 40


def test_lists_that_do_not_fit_are_errors():
    with pytest.raises(ValueError, match="Graphs must agree in their features"):
        is_novel([PATH], [Graph(PATH.adjacency, np.ones((3, 1)))])
    with pytest.raises(ValueError, match="train must hold at least one graph"):
        is_novel([PATH], [])
    with pytest.raises(TypeError, match="list of graphs is required"):
        is_unique(PATH)
