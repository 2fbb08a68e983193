import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from skattn.ops import (
    Dot,
    Edges,
    Gat,
    GatV2,
    attention_weights,
    edge_attention,
    use_backend,
)

BACKENDS = pytest.mark.parametrize("backend", ["reference", "cpu"])
KINDS = pytest.mark.parametrize("kind", ["gat", "gatv2", "dot"])
LOG3 = math.log(3)


def test_gat_weights_are_the_softmax_of_leaky_sums():
    edges = Edges.from_csr([0, 2], [0, 1], n_senders=2)
    score = Gat(torch.tensor([[0.0]]), torch.tensor([[LOG3], [-5 * LOG3]]))
    # LeakyReLU: log 3 stays, -5 log 3 becomes -log 3; 3 : 1/3 = 9 : 1
    weights = attention_weights(edges, score)
    torch.testing.assert_close(weights, torch.tensor([[0.9], [0.1]]))


def test_gatv2_reads_the_sum_after_the_slope():
    edges = Edges.from_csr([0, 2], [0, 1], n_senders=2)
    key = torch.tensor([[[LOG3, 0.0]], [[0.0, -5 * LOG3]]])
    score = GatV2(torch.zeros(1, 1, 2), key, torch.tensor([[1.0, 1.0]]))
    weights = attention_weights(edges, score)
    torch.testing.assert_close(weights, torch.tensor([[0.9], [0.1]]))


def test_dot_is_scaled_by_the_root_of_the_width():
    edges = Edges.from_csr([0, 2], [0, 1], n_senders=2)
    query = torch.full((1, 1, 4), LOG3)
    key = torch.tensor([[[1.0, 1.0, 1.0, 1.0]], [[0.0, 0.0, 0.0, 0.0]]])
    # 4 log 3 / sqrt(4) = log 9 against 0
    weights = attention_weights(edges, Dot(query, key))
    torch.testing.assert_close(weights, torch.tensor([[0.9], [0.1]]))


def test_bias_joins_the_score():
    edges = Edges.from_csr([0, 2], [0, 1], n_senders=2)
    score = Gat(torch.zeros(1, 1), torch.zeros(2, 1))
    bias = torch.tensor([[LOG3], [0.0]])
    weights = attention_weights(edges, score, bias=bias)
    torch.testing.assert_close(weights, torch.tensor([[0.75], [0.25]]))


@BACKENDS
def test_average_carries_values_edge_features_and_offset(backend):
    edges = Edges.from_csr([0, 2, 2], [0, 1], n_senders=2)
    score = Gat(torch.zeros(2, 1), torch.tensor([[LOG3], [0.0]]))
    with use_backend(backend):
        out = edge_attention(
            edges,
            score,
            torch.tensor([[[4.0, 8.0]], [[8.0, 0.0]]]),
            edge_features=torch.tensor([[4.0], [0.0]]),
            offset=torch.tensor([[10.0, 20.0]]),
        )
    expected = torch.tensor([[[15.0, 26.0, 3.0]], [[10.0, 20.0, 0.0]]])
    torch.testing.assert_close(out, expected)


@BACKENDS
@KINDS
def test_isolated_receiver_gets_zeros(backend, kind, edges, make_call, make_score):
    tensors = make_call(edges, kind)
    with use_backend(backend):
        out = edge_attention(edges, make_score(kind, tensors), tensors["value"])
    assert out[2].eq(0).all()


@BACKENDS
@KINDS
def test_parallel_edges_count_twice(backend, kind, edges, make_call, make_score):
    tensors = make_call(edges, kind)
    with use_backend(backend):
        out = edge_attention(edges, make_score(kind, tensors), tensors["value"])
    torch.testing.assert_close(out[1], tensors["value"][2])  # 2 is its only sender


@KINDS
def test_weights_of_a_receiver_sum_to_one(kind, edges, make_call, make_score):
    tensors = make_call(edges, kind)
    score = make_score(kind, tensors)
    weights = attention_weights(edges, score, bias=tensors["bias"])
    sums = torch.zeros(4, 2).index_add(0, edges.receivers, weights)
    expected = torch.tensor([1.0, 1.0, 0.0, 1.0])[:, None].expand(4, 2)
    torch.testing.assert_close(sums, expected)


@KINDS
def test_huge_scores_neither_overflow_nor_vanish(kind, edges, make_call, make_score):
    tensors = make_call(edges, kind)
    tensors["query"] = tensors["query"] * 1e4
    score = make_score(kind, tensors)
    with use_backend("reference"):
        expected = edge_attention(edges, score, tensors["value"])
    with use_backend("cpu"):
        out = edge_attention(edges, score, tensors["value"])
    torch.testing.assert_close(out, expected, rtol=1e-2, atol=1e-2)


@BACKENDS
def test_nan_is_propagated(backend, edges):
    query = torch.zeros(4, 1)
    query[0] = torch.nan
    with use_backend(backend):
        score = Gat(query, torch.zeros(4, 1))
        out = edge_attention(edges, score, torch.ones(4, 1, 8))
    assert out[0].isnan().all()
    assert out[1:].isfinite().all()


@KINDS
def test_reference_has_the_right_gradients(kind, edges, make_call, make_score):
    tensors = {
        name: tensor.double().requires_grad_()
        for name, tensor in make_call(edges, kind, 2, 3, n_edge_features=2).items()
    }
    names = list(tensors)

    def call(*values):
        given = dict(zip(names, values, strict=True))
        return edge_attention(
            edges,
            make_score(kind, given),
            given["value"],
            bias=given["bias"],
            edge_features=given["edge_features"],
            offset=given["offset"],
            dropout=0.3,
            seed=5,
        )

    assert torch.autograd.gradcheck(call, tuple(tensors.values()))


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(4)), kind=st.sampled_from(["gat", "gatv2", "dot"]))
def test_output_is_equivariant_to_permutations(order, kind):
    rng = torch.Generator().manual_seed(1)
    senders = [[0, 1], [2, 2], [], [0, 1, 2]]
    width = (4, 2) if kind == "gat" else (4, 2, 8)
    query, key = (torch.randn(width, generator=rng) for _ in range(2))
    value = torch.randn(4, 2, 8, generator=rng)
    attention = torch.randn(2, 8, generator=rng)

    def attend(rows, query, key, value):
        ends = torch.tensor([0, *map(len, rows)]).cumsum(0)
        edges = Edges.from_csr(ends, [j for row in rows for j in row], n_senders=4)
        score = {
            "gat": lambda: Gat(query, key),
            "gatv2": lambda: GatV2(query, key, attention),
            "dot": lambda: Dot(query, key),
        }[kind]()
        return edge_attention(edges, score, value)

    order = list(order)
    new_name = [order.index(node) for node in range(4)]
    renamed = [[new_name[sender] for sender in senders[node]] for node in order]
    out = attend(renamed, query[order], key[order], value[order])
    torch.testing.assert_close(out, attend(senders, query, key, value)[order])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"query": torch.zeros(3, 2)}, r"score.query must have shape \(4, 2\)"),
        ({"key": torch.zeros(5, 2)}, r"score.key must have shape \(4, 2\)"),
        ({"value": torch.zeros(5, 2, 8)}, r"value must have shape \(4, 2, 8\)"),
        ({"bias": torch.zeros(6, 2)}, r"bias must have shape \(7, 2\)"),
        ({"edge_features": torch.zeros(6, 2)}, r"edge_features must have shape"),
        ({"offset": torch.zeros(2, 7)}, r"offset must have shape \(2, 8\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(changes, message, edges, make_call):
    tensors = make_call(edges, "gat", n_edge_features=2) | changes
    score = Gat(tensors.pop("query"), tensors.pop("key"))
    with pytest.raises(ValueError, match=message):
        edge_attention(edges, score, tensors.pop("value"), **tensors)


def test_attention_vector_of_another_width_is_refused(edges):
    score = GatV2(torch.zeros(4, 2, 8), torch.zeros(4, 2, 8), torch.zeros(2, 7))
    with pytest.raises(ValueError, match=r"score\.attention must have shape"):
        edge_attention(edges, score, torch.zeros(4, 2, 8))


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_dropout_outside_its_range_is_refused(share, edges):
    score = Gat(torch.zeros(4, 2), torch.zeros(4, 2))
    with pytest.raises(ValueError, match="dropout must be at least 0 and less than 1"):
        edge_attention(edges, score, torch.zeros(4, 2, 8), dropout=share)
