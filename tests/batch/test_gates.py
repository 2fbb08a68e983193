import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from skattn import Graph
from skattn._batch import GraphBlock
from skattn._batch._candidates import edge_candidates, node_candidates
from skattn._batch._gates import gated_batch
from skattn.graph._answer_graph import AnswerGraph
from skattn.graph._standardization import Standardization

# 0 attends to 1 (weight 2) and 2 (weight 4), 1 to 0 (3) and itself (5), 2 to none
WEIGHTS = np.array([[0, 2, 4], [3, 5, 0], [0, 0, 0]])


def to_batch(copies):
    whole = GraphBlock.of(copies.collection).whole
    return whole.with_targets(torch.from_numpy(copies.targets))


def gated_edges(adjacency=WEIGHTS, X=None, *, directed=True, degree_scaling=None):
    X = np.ones((3, 1)) if X is None else X
    answer = AnswerGraph(Graph(adjacency, X), np.arange(3), 0)
    candidates = edge_candidates([answer], directed=directed)
    return gated_batch(candidates, to_batch, degree_scaling=degree_scaling)


def weights(batch):
    structure = batch.structure
    dense = torch.zeros(3, 3)
    receivers, senders = structure.edges.receivers.long(), structure.edges.senders
    return dense.index_put(
        (receivers, senders.long()), structure.edge_data.log_weight.exp()
    )


def test_gates_multiply_weights_and_added_loops_have_the_mean_of_what_is_left():
    batch = gated_edges().at(torch.tensor([0.5, 0.25, 1.0]))
    # row 0: (.5 * 2 + .25 * 4) / .75; row 2 is empty: its column has 4 alone
    assert_allclose(weights(batch), [[8 / 3, 1, 1], [3, 5, 0], [0, 0, 4]], rtol=1e-6)


def test_a_row_and_column_without_edges_has_a_loop_of_weight_1():
    batch = gated_edges().at(torch.tensor([0.0, 0.0, 1.0]))
    # row 0 takes the mean of its column, node 2 has neither
    assert_allclose(weights(batch), [[3, 0, 0], [3, 5, 0], [0, 0, 1]], rtol=1e-6)


def test_loops_of_an_unweighted_graph_have_weight_1():
    batch = gated_edges(WEIGHTS > 0).at(torch.tensor([0.5, 0.25, 1.0]))
    assert_allclose(weights(batch), [[1, 0.5, 0.25], [1, 1, 0], [0, 0, 1]], rtol=1e-6)


def test_both_directions_have_one_gate():
    star = np.array([[0, 1, 1], [1, 0, 0], [1, 0, 0]])
    gated = gated_edges(star, directed=False)
    assert gated.n_gates == 2
    batch = gated.at(torch.tensor([0.5, 0.25]))
    expected = [[1, 0.5, 0.25], [0.5, 1, 0], [0.25, 0, 1]]
    assert_allclose(weights(batch), expected, rtol=1e-6)


def test_degree_features_count_gates_but_no_added_loops():
    scaling = Standardization((0.0, 0.5), (1.0, 2.0))
    gated = gated_edges(degree_scaling=scaling)
    x = gated.at(torch.tensor([0.5, 0.25, 1.0])).x
    counts = np.array([0.75, 2.0, 0.0])
    assert_allclose(x[:, 0], [1, 1, 1])
    assert_allclose(x[:, 1], (np.log1p(counts) - 0.5) / 2, rtol=1e-6)


def test_gates_of_nodes_move_features_to_the_baseline():
    X = np.array([[1.0, 7.0], [2.0, 8.0], [3.0, 9.0]])
    answer = AnswerGraph(Graph(WEIGHTS, X), np.arange(3), 0)
    candidates = node_candidates([answer, answer], np.array([5.0]))
    gated = gated_batch(candidates, to_batch, degree_scaling=None)
    assert gated.ptr.tolist() == [0, 3, 6]
    x = gated.at(torch.tensor([1, 0.5, 0, 1, 1, 0.75])).x
    assert_allclose(x[:, 0], [1, 3.5, 5, 1, 2, 3.5])
    assert_allclose(x[:, 1], [7, 8, 9] * 2)


def test_gates_of_other_shape_are_refused():
    with pytest.raises(ValueError, match=r"one number per candidate, shape \(3,\)"):
        gated_edges().at(torch.ones(2))
