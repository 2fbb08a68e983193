import math

import pytest
import torch
from torch.testing import assert_close

from skattn.nn import AttentionNetwork, BlockSpec, LabelAttention, NetworkSpec
from skattn.nn import _label_attention as module
from skattn.ops import EdgeData, Edges, GraphStructure, NodeLabels, use_backend

# 0 attends to 0, 1, 2 and 3; 1 to 0 and 1; 2 to 2; 3 to 2, without a label
EDGES = Edges.from_csr([0, 4, 6, 7, 8], [0, 1, 2, 3, 0, 1, 2, 2], n_senders=4)
VALUES = torch.tensor([[1.0, 0], [0, 1], [0, 0], [5, 2]])
KNOWN = torch.tensor([True, True, False, True])


def structure(values=VALUES, known=KNOWN, edges=EDGES, log_weight=None):
    labels = NodeLabels.of(
        edges,
        values=values.to(torch.float64),
        known=known,
        identity=torch.arange(len(values)),
    )
    return GraphStructure(edges, EdgeData(log_weight), labels=labels)


@pytest.fixture
def attention():
    made = LabelAttention(3, 4, n_columns=2, n_heads=2).double().eval()
    made.reset_parameters(torch.Generator().manual_seed(0))
    return made


def logits(attention, x, i, senders, head):
    cut = slice(4 * head, 4 * head + 4)
    query = (x @ attention.query.weight)[i, cut]
    return (x @ attention.key.weight)[senders, cut] @ query / math.sqrt(4)


def test_labels_of_other_nodes_are_averaged_by_their_softmax(attention, rows):
    x = rows(4)
    out = attention(x, structure()).view(4, 2, 2)
    for head in range(2):
        weights = logits(attention, x, 0, [1, 3], head).softmax(0)
        assert_close(out[0, head], weights @ VALUES[[1, 3]].double())
    assert_close(out[1, 0], VALUES[0].double())  # its only other sender
    assert not out[2:].any()  # no labelled sender but itself


def test_edge_weights_join_the_scores(attention, rows):
    x, log_weight = rows(4), torch.tensor([1.0, 2, 3, 4, 5, 6, 7, 8]).double().log()
    out = attention(x, structure(log_weight=log_weight)).view(4, 2, 2)
    bias = log_weight[[1, 3]]  # of the edges from 0 to 1 and to 3
    weights = (logits(attention, x, 0, [1, 3], 1) + bias).softmax(0)
    assert_close(out[0, 1], weights @ VALUES[[1, 3]].double())


def test_a_nodes_own_label_changes_nothing(attention, rows):
    x, expected = rows(4), attention(rows(4), structure())
    for node in range(4):
        values = VALUES.clone()
        values[node] += 100
        assert_close(
            attention(x, structure(values))[node], expected[node], rtol=0, atol=0
        )


def test_kernels_are_like_the_reference():
    made = LabelAttention(3, 4, n_columns=5, n_heads=2).eval()
    x = torch.randn(4, 3, generator=torch.Generator().manual_seed(1))
    values = torch.arange(20.0).view(4, 5) / 10
    labels = NodeLabels.of(EDGES, values=values, known=KNOWN, identity=torch.arange(4))
    graph, found = GraphStructure(EDGES, labels=labels), {}
    for backend in ("cpu", "reference"):
        with use_backend(backend):
            out = made(x, graph)
            grads = torch.autograd.grad(out.square().sum(), list(made.parameters()))
        found[backend] = [out, *grads]
    for ours, expected in zip(*found.values(), strict=True):
        assert_close(ours, expected)


def test_a_graph_without_labels_is_averaged_to_zeros():
    made = LabelAttention(3, 4, n_columns=2, n_heads=2)
    labels = NodeLabels.of(
        EDGES,
        values=torch.zeros(4, 2),
        known=torch.zeros(4, dtype=torch.bool),
        identity=torch.arange(4),
    )
    out = made(torch.ones(4, 3), GraphStructure(EDGES, labels=labels))
    assert out.shape == (4, 4)
    assert not out.any()
    out.sum().backward()


def test_training_hides_all_labels_of_some_receivers(attention, monkeypatch):
    n = 400
    edges = Edges.from_csr(range(n + 1), [(i + 1) % n for i in range(n)], n_senders=n)
    graph = structure(torch.ones(n, 2), torch.ones(n, dtype=torch.bool), edges)
    x = torch.zeros(n, 3).double()
    out = attention.train()(x, graph, generator=torch.Generator().manual_seed(0))
    assert set(out.unique().tolist()) == {0, 1}
    assert 0.4 < out[:, 0].mean() < 0.6
    assert_close(out, out[:, :1].expand(-1, 4))
    monkeypatch.setattr(module, "HIDDEN", 0)
    assert attention(x, graph).all()


@pytest.mark.parametrize("n_columns", [None, 3])
def test_other_labels_are_refused(rows, n_columns):
    made = LabelAttention(3, 4, n_columns=2)
    graph = GraphStructure(EDGES)
    if n_columns:
        graph = structure(torch.zeros(4, n_columns))
    with pytest.raises(ValueError, match="must have 2 columns"):
        made(rows(4).float(), graph)


# ---- in a network --------------------------------------------------------------------


@pytest.mark.parametrize("jumping", [None, "concat"])
def test_no_label_returns_to_its_node_through_a_network(rows, jumping):
    spec = NetworkSpec(
        block=BlockSpec(n_heads=2),
        n_layers=3,
        hidden_dim=8,
        jumping=jumping,
        n_label_columns=2,
    )
    network = AttentionNetwork(3, 2, spec).double()  # in training mode
    x, seen = rows(4), lambda: torch.Generator().manual_seed(3)
    expected = network(x, structure(), generator=seen())
    for node in range(4):
        values = VALUES.clone()
        values[node] += 100
        out = network(x, structure(values), generator=seen())
        assert_close(out[node], expected[node], rtol=0, atol=0)


def test_a_network_with_labels_needs_a_linear_output():
    spec = NetworkSpec(block=BlockSpec(), output="attention", n_label_columns=2)
    with pytest.raises(ValueError, match="labels of other nodes"):
        AttentionNetwork(3, 2, spec)


def test_a_network_with_a_readout_has_no_labels():
    spec = NetworkSpec(block=BlockSpec(), readout="mean", n_label_columns=2)
    with pytest.raises(ValueError, match="labels of other nodes"):
        AttentionNetwork(3, 2, spec)
