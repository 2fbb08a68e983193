import numpy as np
import scipy.sparse as sp
from numpy.testing import assert_array_equal

from skattn.inspection._graph_picture import GraphPicture, drawn_edges
from skattn.inspection._node_colors import plain_colors


def edges_of(dense, max_edges=100):
    return drawn_edges(sp.csr_array(np.array(dense, float)), max_edges)


def listed(edges):
    """Pairs (receiver, sender, one way)."""
    ends = edges.receivers.tolist(), edges.senders.tolist()
    return list(zip(*ends, edges.one_way.tolist(), strict=True))


def test_two_opposite_edges_are_one_and_others_are_arrows():
    edges = edges_of([[0, 1, 1], [1, 0, 0], [0, 1, 0]])
    assert listed(edges) == [(0, 1, False), (0, 2, True), (2, 1, True)]
    assert edges.scores is None
    assert edges.n_left_out == 0


def test_opposite_edges_of_other_value_are_two_arrows():
    edges = edges_of([[0, 2], [1, 0]])
    assert listed(edges) == [(0, 1, True), (1, 0, True)]
    assert_array_equal(edges.scores, [2, 1])


def test_self_loops_are_no_arrows():
    assert listed(edges_of([[1, 0], [0, 0]])) == [(0, 0, False)]


def test_the_strongest_edges_are_kept_by_absolute_value():
    matrix = np.zeros((4, 4))
    matrix[0, 1], matrix[1, 2], matrix[2, 3], matrix[3, 0] = 1, -5, 3, 2
    edges = edges_of(matrix, max_edges=2)
    assert_array_equal(edges.scores, [-5, 3])
    assert edges.n_left_out == 2
    assert edges_of(matrix, max_edges=0).n_left_out == 4


def test_equal_edges_are_chosen_all_over_the_graph_and_always_the_same():
    ring = sp.csr_array((np.ones(1000), (range(1000), np.roll(range(1000), 1))))
    edges = drawn_edges(ring, 100)
    assert len(edges) == 100
    assert edges.receivers.max() > 800
    assert_array_equal(edges.receivers, drawn_edges(ring, 100).receivers)
    assert_array_equal(edges.receivers, np.sort(edges.receivers))


def test_parallel_edges_are_summed():
    parts = [1.0, 2.0, 1.0], [1, 1, 0], [0, 2, 3]
    edges = drawn_edges(sp.csr_array(parts, shape=(2, 2)), 10)
    assert_array_equal(edges.scores, [3, 1])


def test_no_edges():
    edges = drawn_edges(sp.csr_array((3, 3)), 10)
    assert len(edges) == 0
    assert edges.scores is None


def test_picture_says_which_edges_are_left_out_and_whether_scores_have_signs():
    def picture(dense, max_edges):
        edges = edges_of(dense, max_edges)
        return GraphPicture(np.zeros((2, 2)), edges, None, plain_colors(2))

    assert picture([[0, 2], [-1, 0]], 1).left_out() == "strongest 1 of 2 edges"
    assert picture([[1, 1], [1, 0]], 1).left_out() == "1 of 2 edges"
    assert picture([[0, 1], [1, 0]], 1).left_out() == ""
    assert picture([[0, 2], [-1, 0]], 2).is_signed
    assert not picture([[0, 2], [1, 0]], 2).is_signed
    assert not picture([[0, 1], [1, 0]], 2).is_signed
