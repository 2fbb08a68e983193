import math

import pytest
import torch
from torch.nn.functional import leaky_relu
from torch.testing import assert_close

from skattn.nn import GraphAttention, GraphEncoder, TypeVectorAttention
from skattn.nn._block_spec import BlockSpec
from skattn.ops import EdgeData, Edges, GraphStructure, SparseMatrix

SCORES = ["dot", "gat", "gatv2"]
SENDERS = [[0, 2, 2], [0, 1, 3], [1], []]  # 0 attends to 2 by two types
TYPES = torch.tensor([0, 1, 2, 0, 2, 1, 0])


def structure(types=TYPES):
    flat = [j for row in SENDERS for j in row]
    edges = Edges.from_csr(torch.tensor([0, 3, 6, 7, 7]), flat, n_senders=4)
    return GraphStructure(edges, EdgeData(types=types))


def made(score, **options):
    attention = TypeVectorAttention(
        3, 4, n_edge_types=3, n_heads=2, score=score, **options
    ).double()
    rng = torch.Generator().manual_seed(0)
    attention.reset_parameters(rng)
    with torch.no_grad():
        for name, weight in attention.named_parameters():
            if name.startswith("type_"):
                weight.copy_(torch.randn(weight.shape, generator=rng))
    return attention


def plain(attention, x, near):
    """Outputs by the formulas, edge by edge."""
    edges, types = near.edges, near.edge_data.types
    out = torch.zeros(4, 2, 4, dtype=x.dtype)
    for i in range(4):
        rows = range(*edges.indptr[i : i + 2].tolist())
        for head in range(2):
            part, logits, values = slice(4 * head, 4 * head + 4), [], []
            for e in rows:
                sent, r = x[edges.senders[e]], types[e]
                value = (sent @ attention.value)[part] + attention.type_value[r, head]
                if attention.score == "dot":
                    q = (x[i] @ attention.query)[part]
                    key = (sent @ attention.key)[part] + attention.type_key[r, head]
                    logits.append(q @ key / math.sqrt(4))
                elif attention.score == "gat":
                    q = (x[i] @ attention.value)[part] @ attention.attention_query[head]
                    a = attention.attention_key[head]
                    logits.append(leaky_relu(q + a @ value, 0.2))
                else:
                    q = (x[i] @ attention.query)[part]
                    logits.append(
                        attention.attention[head] @ leaky_relu(q + value, 0.2)
                    )
                values.append(value)
            if logits:
                out[i, head] = torch.stack(logits).softmax(0) @ torch.stack(values)
    return out.flatten(1) + attention.bias


@pytest.mark.parametrize("score", SCORES)
def test_every_edge_has_the_vector_of_its_type(rows, score):
    attention, x = made(score), rows(4)
    assert_close(attention(x, structure()), plain(attention, x, structure()))


@pytest.mark.parametrize("score", SCORES)
def test_vectors_of_zeros_are_attention_without_types(rows, score):
    typed = TypeVectorAttention(3, 4, n_edge_types=3, n_heads=2, score=score).double()
    for name, weight in typed.named_parameters():
        if name.startswith("type_"):
            torch.nn.init.zeros_(weight)
    untyped = GraphAttention(3, 4, n_heads=2, score=score).double()
    left = typed.load_state_dict(untyped.state_dict(), strict=False)
    assert all(name.startswith("type_") for name in left.missing_keys)
    assert_close(typed(rows(4), structure()), untyped(rows(4), structure().edges))


@pytest.mark.parametrize("score", SCORES)
def test_gradients_are_those_of_differences(rows, score):
    attention, x = made(score), rows(4).requires_grad_()
    names = [n for n, _ in attention.named_parameters() if n.startswith("type_")]
    weights = [attention.get_parameter(n).detach().requires_grad_() for n in names]

    def call(x, *weights):
        named = dict(zip(names, weights, strict=True))
        return torch.func.functional_call(attention, named, (x, structure()))

    assert torch.autograd.gradcheck(call, (x, *weights))


@pytest.mark.parametrize("options", [{"share_weights": True}, {"combine": "mean"}])
@pytest.mark.parametrize("score", SCORES)
def test_options_of_attention_are_kept(rows, score, options):
    attention = made(score, **options)
    assert hasattr(attention, "type_key") == (
        score == "dot" and not options.get("share_weights")
    )
    assert attention(rows(4), structure()).shape == (4, attention.out_features)


def test_sparse_features_give_the_same(rows):
    x = rows(4)
    edges = Edges.from_csr(torch.arange(5) * 3, torch.arange(3).repeat(4), 3)
    attention = made("gatv2")
    sparse = attention(SparseMatrix(edges, x.flatten()), structure())
    assert_close(sparse, attention(x, structure()))


def test_weights_of_parallel_edges_are_their_own(rows):
    attention, x = made("gatv2"), rows(4)
    weights = attention.attention_weights(x, structure())
    assert_close(weights[:3].sum(0), torch.ones(2, dtype=torch.float64))
    assert (weights[1] - weights[2]).abs().min() > 1e-4
    out, same = attention.forward_with_weights(x, structure())
    assert_close(same, weights)
    assert_close(out, attention(x, structure()))


def test_chunks_of_receivers_give_the_same(rows):
    spec = BlockSpec(n_heads=2, n_edge_types=3, typing="vector")
    encoder = GraphEncoder(3, [8, 8], spec).double().eval()
    x, near = rows(4), structure()
    for name, weight in encoder.named_parameters():
        if "type_" in name:
            torch.nn.init.normal_(weight, generator=torch.Generator().manual_seed(0))
    assert_close(encoder.forward_in_chunks(x, near, max_edges=2), encoder(x, near))


def test_every_edge_must_have_a_type(rows):
    with pytest.raises(ValueError, match=r"types must have shape \(7,\).*got None"):
        made("dot")(rows(4), structure(None))
    with pytest.raises(ValueError, match=r"types must lie in 0 \.\. 2"):
        made("dot")(rows(4), structure(TYPES + 1))
    with pytest.raises(ValueError, match="n_edge_types must be at least 1, got 0"):
        TypeVectorAttention(3, 4, n_edge_types=0)
