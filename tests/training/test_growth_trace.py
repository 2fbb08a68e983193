"""Probabilities and attention weights of the steps in which a graph grows."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from skattn._batch import LabelledGraphs, Structure, make_contexts
from skattn._training import Growth, trace_growth
from skattn._training._growth_scores import ordered_log_p
from skattn.nn import GrowthSpec

CPU = torch.device("cpu")
# a triangle 0, 1, 2 with node 3 at node 2; labels of edges 1 and 2
EDGES = np.array([[0, 1, 2, 0], [1, 0, 1, 0], [2, 1, 0, 2], [0, 0, 2, 0]])
CONDITION = np.array([[0.0, 1.0]], np.float32)


def graph(edges=EDGES, node_labels=(0, 1, 0, 1)):
    rows, columns = np.nonzero(edges)
    ptr = np.concatenate([[0], np.cumsum((edges > 0).sum(1))])
    structure = Structure(np.array([0, len(edges)]), ptr, columns.astype(np.int32))
    labels = edges[rows, columns].astype(np.int64)
    return LabelledGraphs(structure, np.array(node_labels), labels)


def small(order, *, must_link=False):
    spec = GrowthSpec(
        n_labels=2, n_edge_labels=2, hidden_dim=8, n_heads=2, n_layers=2,
        must_link=must_link, n_conditions=2,
    )  # fmt: skip
    objective = Growth(spec, order)
    module = objective.module(spec.n_features)
    module.reset_parameters(torch.Generator().manual_seed(1))
    return objective, module.eval()


@pytest.mark.parametrize("order", ["bfs", "dfs", "uniform"])
@pytest.mark.parametrize("must_link", [False, True])
@pytest.mark.parametrize("max_nodes", [3, 1 << 14])
def test_steps_sum_to_the_log_probability_of_the_ordered_graph(
    order, must_link, max_nodes, monkeypatch
):
    objective, module = small(order, must_link=must_link and order != "uniform")
    monkeypatch.setattr("skattn._training._growth_scores.MAX_NODES", max_nodes)
    for seed in range(5):
        ordered = graph().ordered(order, seed).graphs
        trace = trace_growth(objective, module, ordered, CONDITION, CPU)
        exact = ordered_log_p(objective, module, ordered, CONDITION, CPU)
        total = trace.log_p_labels.sum() + trace.log_p_edges.sum()
        assert_allclose(total, exact[0], rtol=1e-5)


@pytest.mark.parametrize("order", ["bfs", "dfs", "uniform"])
def test_probabilities_are_those_of_the_steps(order):
    objective, module = small(order)
    ordered = graph().ordered(order, 0).graphs
    trace = trace_growth(objective, module, ordered, CONDITION, CPU)
    assert_array_equal(trace.labels, [*ordered.node_labels, 2])
    assert_allclose(trace.label_probabilities.sum(1), 1)
    assert trace.label_probabilities[0, 2] == 0  # no graph without nodes
    chosen = trace.label_probabilities[np.arange(5), trace.labels]
    assert_allclose(np.log(chosen), trace.log_p_labels)
    open_to = ~np.isnan(trace.edge_probabilities[..., 0])
    assert_allclose(trace.edge_probabilities[open_to].sum(1), 1)
    for t in range(4):
        rows = ordered.structure.indptr[t], ordered.structure.indptr[t + 1]
        labels = np.zeros(4, int)
        labels[ordered.structure.indices[slice(*rows)]] = ordered.edge_labels[
            slice(*rows)
        ]
        assert not labels[:t][~open_to[t, :t]].any()  # edges are possible
        p = trace.edge_probabilities[t, np.arange(4), labels][open_to[t]]
        assert_allclose(np.log(p).sum(), trace.log_p_edges[t], atol=1e-12)
    assert not open_to[np.triu_indices(4)].any()
    assert not open_to[4].any()  # no edges after the end


def test_rows_without_an_edge_have_no_probability_where_a_node_must_have_one():
    objective, module = small("bfs", must_link=True)
    trace = trace_growth(objective, module, graph(), CONDITION, CPU)
    assert trace.edge_probabilities[1, 0, 0] == 0  # the only candidate


@pytest.mark.parametrize("order", ["bfs", "uniform"])
def test_weights_are_those_of_the_context_alone(order):
    objective, module = small(order)
    trace = trace_growth(objective, module, graph(), CONDITION, CPU)
    for t in range(5):
        steps = np.array([[0, t]])
        batch = make_contexts(
            graph(), steps, objective.columns, order=order, conditions=CONDITION
        )
        layers, _ = module.encoder.attention_weights(batch.x, batch.structure)
        edges = batch.structure.edges
        receivers = np.repeat(np.arange(t + 1), np.diff(edges.indptr.numpy()))
        for layer, weights in enumerate(layers):
            dense = np.zeros((t + 1, t + 1, 2))
            dense[receivers, edges.senders.numpy()] = weights.detach().numpy()
            of_new = trace.weights[t, layer].T
            assert_allclose(of_new[:t], dense[t, :t], rtol=1e-5)
            assert_allclose(of_new[-1], dense[t, t], rtol=1e-5)
            assert not of_new[t:-1].any()
            rows, columns = np.nonzero(EDGES)
            is_old = np.maximum(rows, columns) < t
            of_edges = trace.edge_weights[t, layer].T
            assert_allclose(
                of_edges[is_old], dense[rows[is_old], columns[is_old]], rtol=1e-5
            )
            assert not of_edges[~is_old].any()


def test_a_single_node_has_two_steps():
    objective, module = small("dfs")
    one = graph(np.zeros((1, 1), int), [1])
    trace = trace_growth(objective, module, one, CONDITION, CPU)
    assert trace.weights.shape == (2, 2, 2, 2)
    assert_allclose(trace.weights.sum(-1), 1, rtol=1e-6)
    assert trace.log_p_edges.tolist() == [0, 0]
