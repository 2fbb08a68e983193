import math

import pytest
import torch
from torch.testing import assert_close

from skattn.ops import (
    Dot,
    Edges,
    Gat,
    GatV2,
    Pooling,
    TypedEdges,
    attention_weights,
    edge_attention,
    use_backend,
)

BACKENDS = pytest.mark.parametrize("backend", ["reference", "cpu"])
KINDS = pytest.mark.parametrize("kind", ["gat", "gatv2", "dot"])
LOG3 = math.log(3)
TYPES = torch.tensor([0, 1, 1, 0, 1, 1, 2])


@BACKENDS
def test_a_vector_joins_score_and_message(backend):
    """The senders are one node: logits log 3 and 0, values 4 and 8 + 4."""
    edges = Edges.from_csr([0, 2], [0, 0], n_senders=1)
    key = torch.tensor([[[LOG3]], [[0.0]]])
    value = torch.tensor([[[-4.0]], [[4.0]]])
    typed = TypedEdges(edges, torch.tensor([0, 1]), key, value)
    score = Dot(torch.ones(1, 1, 1), torch.zeros(1, 1, 1))
    with use_backend(backend):
        out = edge_attention(typed, score, torch.full((1, 1, 1), 8.0))
    assert_close(out.squeeze(), torch.tensor(0.75 * 4 + 0.25 * 12))
    assert_close(attention_weights(typed, score), torch.tensor([[0.75], [0.25]]))


@BACKENDS
def test_a_vector_joins_inside_the_leaky_relu(backend):
    """-5 log 3 + 6 log 3 = log 3 for one type, -5 log 3 / 5 for the other."""
    edges = Edges.from_csr([0, 2], [0, 0], n_senders=1)
    vectors = torch.tensor([[6 * LOG3], [0.0]])
    typed = TypedEdges(edges, torch.tensor([0, 1]), vectors, vectors[..., None])
    score = Gat(torch.zeros(1, 1), torch.full((1, 1), -5 * LOG3))
    assert_close(attention_weights(typed, score), torch.tensor([[0.9], [0.1]]))
    with use_backend(backend):
        out = edge_attention(typed, score, torch.ones(1, 1, 1))
    assert_close(out.squeeze(), torch.tensor(1 + 0.9 * 6 * LOG3))


def typed_of(edges, tensors, seed=4, n_types=3):
    rng = torch.Generator().manual_seed(seed)
    key = torch.randn(n_types, *tensors["key"].shape[1:], generator=rng)
    return TypedEdges(edges, TYPES, key, torch.randn(n_types, 2, 8, generator=rng))


@KINDS
def test_vectors_of_zeros_change_nothing(kind, edges, make_call, make_score):
    tensors = make_call(edges, kind)
    score, typed = make_score(kind, tensors), typed_of(edges, tensors)
    typed = TypedEdges(edges, TYPES, 0 * typed.key, 0 * typed.value)
    expected = edge_attention(edges, score, tensors["value"])
    assert_close(edge_attention(typed, score, tensors["value"]), expected)


@BACKENDS
@KINDS
def test_relabelled_types_with_their_vectors_change_nothing(
    kind, backend, edges, make_call, make_score
):
    tensors, order = make_call(edges, kind), torch.tensor([2, 0, 1])
    score, typed = make_score(kind, tensors), typed_of(edges, tensors)
    back = order.argsort()
    moved = TypedEdges(edges, order[TYPES], typed.key[back], typed.value[back])
    with use_backend(backend):
        outs = [edge_attention(e, score, tensors["value"]) for e in (typed, moved)]
    assert outs[0].equal(outs[1])


@KINDS
def test_reference_has_the_right_gradients(kind, edges, make_call, make_score):
    tensors = make_call(edges, kind)
    typed = typed_of(edges, tensors)
    tensors |= {"of_key": typed.key, "of_value": typed.value}
    tensors = {name: t.double().requires_grad_() for name, t in tensors.items()}
    names = list(tensors)

    def call(*values):
        given = dict(zip(names, values, strict=True))
        typed = TypedEdges(edges, TYPES, given["of_key"], given["of_value"])
        return edge_attention(typed, make_score(kind, given), given["value"])

    used = set(names) - {"bias", "edge_features", "offset"}
    fixed = [t if n in used else t.detach() for n, t in tensors.items()]
    assert torch.autograd.gradcheck(call, fixed)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"types": TYPES[1:]}, r"types must have shape \(7,\)"),
        ({"types": TYPES + 1}, r"types must lie in 0 \.\. 2, got numbers from 1 to 3"),
        ({"types": TYPES - 1}, "got numbers from -1 to 1"),
        ({"key": torch.zeros(3, 3)}, r"key of types must have shape \(3, 2\)"),
        ({"value": torch.zeros(2, 2, 8)}, r"value of types must have shape \(3, 2, 8"),
    ],
)
def test_types_and_vectors_that_do_not_fit_are_refused(changes, message, edges):
    given = {"types": TYPES, "key": torch.zeros(3, 2), "value": torch.zeros(3, 2, 8)}
    typed = TypedEdges(edges, **(given | changes))
    score = Gat(torch.zeros(4, 2), torch.zeros(4, 2))
    with pytest.raises(ValueError, match=message):
        edge_attention(typed, score, torch.zeros(4, 2, 8))


def test_a_score_without_query_and_key_is_refused(edges):
    typed = TypedEdges(edges, TYPES, torch.zeros(3, 2), torch.zeros(3, 2, 8))
    with pytest.raises(ValueError, match=r"must be Dot, Gat or GatV2.*got Pooling"):
        edge_attention(typed, Pooling(torch.zeros(4, 2)), torch.zeros(4, 2, 8))


def test_attention_vectors_keep_their_place(edges):
    score = GatV2(torch.zeros(4, 2, 8), torch.zeros(4, 2, 8), torch.ones(2, 8))
    vectors = torch.zeros(3, 2, 8)
    vectors[1] = LOG3 / 8  # logit log 3 of edges of type 1
    weights = attention_weights(TypedEdges(edges, TYPES, vectors, vectors), score)
    assert_close(weights[:2, 0], torch.tensor([0.25, 0.75]))
