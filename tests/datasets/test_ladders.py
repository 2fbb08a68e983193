from collections import Counter
from math import factorial

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skattn.datasets import make_ladders


def edges_of(graph):
    return frozenset(map(tuple, np.argwhere(np.triu(graph.adjacency.toarray()))))


def test_graphs_are_ladders_of_all_lengths():
    networkx = pytest.importorskip("networkx")
    graphs, _ = make_ladders(40, min_rungs=2, max_rungs=5, random_state=0)
    assert {graph.n_nodes for graph in graphs} == {4, 6, 8, 10}
    for graph in graphs:
        plain = networkx.from_scipy_sparse_array(graph.adjacency)
        ladder = networkx.ladder_graph(graph.n_nodes // 2)
        assert networkx.is_isomorphic(plain, ladder)


@pytest.mark.parametrize(("n_rungs", "n_different"), [(1, 1), (2, 3), (3, 180)])
def test_the_probability_is_that_of_a_numbering(n_rungs, n_different):
    options = {"min_rungs": n_rungs, "max_rungs": n_rungs}
    graphs, log_p = make_ladders(2000, **options, random_state=0)
    assert len(Counter(map(edges_of, graphs))) == n_different
    assert_allclose(np.exp(-log_p), n_different)


def test_lengths_have_equal_probabilities():
    graphs, log_p = make_ladders(3, min_rungs=3, max_rungs=6, random_state=0)
    for graph, value in zip(graphs, log_p, strict=True):
        assert np.exp(-value) == pytest.approx(4 * factorial(graph.n_nodes) / 4)


def test_no_length_is_an_error():
    with pytest.raises(ValueError, match="max_rungs must be at least min_rungs"):
        make_ladders(min_rungs=4, max_rungs=3)
