import math

import pytest
import torch
from torch.nn.functional import leaky_relu
from torch.testing import assert_close

from skattn.nn import GraphAttention, GraphEncoder, TypedAttention
from skattn.nn._block_spec import BlockSpec
from skattn.ops import EdgeData, Edges, GraphStructure, SparseMatrix, use_backend

SCORES = ["dot", "gat", "gatv2"]
SENDERS = [[0, 2, 2], [0, 1, 3], [1], []]  # 0 attends to 2 by two types
TYPES = torch.tensor([0, 1, 2, 0, 2, 1, 0])


def structure(types=TYPES, dtype=torch.float64, **data):
    starts = torch.tensor([0, 3, 6, 7, 7])
    flat = [j for row in SENDERS for j in row]
    edges = Edges.from_csr(starts, flat, n_senders=4)
    data = {name: each.to(dtype) for name, each in data.items()}
    return GraphStructure(edges, EdgeData(types=types, **data))


def made(score, *, dtype=torch.float64, n_types=3, **options):
    attention = TypedAttention(
        3, 4, n_edge_types=n_types, n_heads=2, score=score, **options
    ).to(dtype)
    attention.reset_parameters(torch.Generator().manual_seed(0))
    return attention


def plain(attention, x, near):
    """Outputs by the formulas, edge by edge."""
    edges, types = near.edges, near.edge_data.types
    value, key = attention._matrices("value"), attention._matrices("value")
    if hasattr(attention, "key"):
        key = attention._matrices("key")
    out = torch.zeros(edges.n_receivers, 2, 4, dtype=x.dtype)
    for i in range(edges.n_receivers):
        rows = range(*edges.indptr[i : i + 2].tolist())
        for head in range(2):
            part = slice(4 * head, 4 * head + 4)
            logits, values = [], []
            for e in rows:
                sent, r = x[edges.senders[e]], types[e]
                k, q = (sent @ key[r])[part], x[i] @ attention.query
                if attention.score == "dot":
                    logits.append(q[part] @ k / math.sqrt(4))
                elif attention.score == "gat":
                    a = attention.attention_key[head]
                    logits.append(leaky_relu(q[head] + a @ k, 0.2))
                else:
                    a = attention.attention[head]
                    logits.append(a @ leaky_relu(q[part] + k, 0.2))
                values.append((sent @ value[r])[part])
            if logits:
                weights = torch.stack(logits).softmax(0)
                out[i, head] = weights @ torch.stack(values)
    return out.flatten(1) + attention.bias


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("options", [{}, {"n_bases": 2}, {"share_weights": True}])
def test_every_edge_has_the_matrix_of_its_type(rows, score, options):
    attention, x = made(score, **options), rows(4)
    assert_close(attention(x, structure()), plain(attention, x, structure()))


def test_one_type_is_attention_without_types(rows):
    typed, untyped = made("dot", n_types=1), GraphAttention(3, 4, n_heads=2)
    untyped = GraphAttention(3, 4, n_heads=2, score="dot").double()
    with torch.no_grad():
        for name in ("value", "key"):
            getattr(untyped, name).copy_(getattr(typed, name)[0])
        untyped.query.copy_(typed.query)
    near = structure(torch.zeros(7, dtype=torch.int32))
    assert_close(typed(rows(4), near), untyped(rows(4), near.edges))


@pytest.mark.parametrize("score", SCORES)
def test_relabelled_types_with_their_matrices_change_nothing(rows, score):
    attention, x, order = made(score), rows(4), torch.tensor([2, 0, 1])
    before = attention(x, structure())
    with torch.no_grad():
        for name in ("value", "key"):
            if hasattr(attention, name):
                weight = getattr(attention, name)
                weight.copy_(weight[order.argsort()])
    assert_close(attention(x, structure(order[TYPES])), before)


@pytest.mark.parametrize("score", SCORES)
def test_kernels_compute_the_reference_forward_and_backward(rows, score):
    found = []
    for backend in ("reference", "cpu"):
        attention = made(score, dtype=torch.float32)
        x = rows(4, dtype=torch.float32).requires_grad_()
        near = structure(dtype=torch.float32, log_weight=rows(7, 1)[:, 0])
        with use_backend(backend):
            out = attention(x, near)
            (out * rows(4, 8, dtype=torch.float32, seed=2)).sum().backward()
        found.append([out, x.grad, *(w.grad for w in attention.parameters())])
    for ours, theirs in zip(*found, strict=True):
        assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


def test_gradients_are_those_of_differences(rows):
    attention, near = made("gatv2", n_bases=2), structure()
    x = rows(4).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: attention(x, near), (x,))
    weight = attention.value.detach().requires_grad_()

    def of_weight(weight):
        named = {"value": weight}
        return torch.func.functional_call(attention, named, (rows(4), near))

    assert torch.autograd.gradcheck(of_weight, (weight,))


@pytest.mark.parametrize("score", SCORES)
def test_sparse_features_give_the_same(rows, score):
    x = rows(4)
    edges = Edges.from_csr(torch.arange(5) * 3, torch.arange(3).repeat(4), 3)
    matrix = SparseMatrix(edges, x.flatten())
    attention = made(score)
    assert_close(attention(matrix, structure()), attention(x, structure()))


def test_weights_of_parallel_edges_are_their_own(rows):
    attention, x = made("gatv2"), rows(4)
    weights = attention.attention_weights(x, structure())
    assert weights.shape == (7, 2)
    assert_close(weights[:3].sum(0), torch.ones(2, dtype=torch.float64))
    assert (weights[1] - weights[2]).abs().min() > 1e-4
    out, same = attention.forward_with_weights(x, structure())
    assert_close(same, weights)
    assert_close(out, attention(x, structure()))


def test_chunks_of_receivers_give_the_same(rows):
    spec = BlockSpec(n_heads=2, n_edge_types=3, n_bases=2)
    encoder = GraphEncoder(3, [8, 8], spec).double().eval()
    x, near = rows(4), structure()
    assert_close(encoder.forward_in_chunks(x, near, max_edges=2), encoder(x, near))


def test_heads_over_more_hops_have_no_types(rows):
    spec = BlockSpec(n_heads=2, n_edge_types=3, hops=(1, 2))
    encoder = GraphEncoder(3, [8], spec).double()
    near = GraphStructure(
        structure().edges, structure().edge_data, hops={2: structure().edges}
    )
    assert encoder(rows(4), near).shape == (4, 8)


def test_every_edge_must_have_a_type(rows):
    with pytest.raises(ValueError, match=r"types must have shape \(7,\).*got None"):
        made("dot")(rows(4), structure(None))
    with pytest.raises(ValueError, match="n_edge_types must be at least 1"):
        TypedAttention(3, 4, n_edge_types=0)
    with pytest.raises(ValueError, match="n_bases at least 1"):
        TypedAttention(3, 4, n_edge_types=2, n_bases=0)


def test_it_is_the_attention_of_pygs_hgt(rows):
    """With its weights: queries, keys, values, matrices and priors of relations."""
    nn = pytest.importorskip("torch_geometric.nn", exc_type=ImportError)
    kinds, relations = ["a", "b"], [("a", "x", "b"), ("b", "y", "a"), ("a", "z", "a")]
    conv = nn.HGTConv(3, 8, (kinds, relations), heads=2).double()
    conv.reset_parameters()
    with torch.no_grad():
        for each in conv.p_rel.values():
            each.uniform_(0.5, 1.5)
    x = {"a": rows(2), "b": rows(2, seed=2)}
    edge_index = {
        ("a", "x", "b"): torch.tensor([[0, 1, 1], [0, 0, 1]]),
        ("b", "y", "a"): torch.tensor([[0, 1, 1], [0, 0, 1]]),
        ("a", "z", "a"): torch.tensor([[0, 1], [0, 0]]),
    }
    expected = _before_output(conv, x, edge_index)
    attention = _of_hgt(conv, relations)
    # a node's row: its features in the columns of its type, and a 1 for the bias
    one = torch.ones(2, 1, dtype=torch.float64)
    zero = torch.zeros(2, 4, dtype=torch.float64)
    rows_of = {
        "a": torch.cat([x["a"], one, zero], 1),
        "b": torch.cat([zero, x["b"], one], 1),
    }
    first = {"a": 0, "b": 2}
    ends = [
        (first[r[2]] + t, first[r[0]] + s, k)
        for k, r in enumerate(relations)
        for s, t in edge_index[r].T.tolist()
    ]
    ends.sort()
    counts = torch.bincount(torch.tensor([i for i, _, _ in ends]), minlength=4)
    indptr = torch.cat([torch.zeros(1, dtype=torch.int64), counts.cumsum(0)])
    edges = Edges.from_csr(indptr, [j for _, j, _ in ends], n_senders=4)
    near = GraphStructure(edges, EdgeData(types=torch.tensor([k for *_, k in ends])))
    out = attention(torch.cat([rows_of["a"], rows_of["b"]]), near)
    assert_close(out, torch.cat([expected["a"], expected["b"]]), rtol=1e-5, atol=1e-5)


def _before_output(conv, x, edge_index):
    """Outputs of HGTConv before its output map and residual."""
    seen = {}

    class Keep(torch.nn.Module):
        def forward(self, out):
            seen.update(out)
            return out

    conv.out_lin = Keep()
    gelu, torch.nn.functional.gelu = torch.nn.functional.gelu, lambda out: out
    try:
        conv(x, edge_index)
    finally:
        torch.nn.functional.gelu = gelu
    return seen


def _of_hgt(conv, relations):
    """The typed attention with the weights of an HGTConv of two node types."""
    attention = TypedAttention(8, 4, n_edge_types=3, n_heads=2, score="dot").double()
    first, heads = {"a": 0, "b": 4}, (2, 4)
    width = dict(conv.kqv_lin.lins.items())
    with torch.no_grad():
        for weight in attention.parameters():
            weight.zero_()
        for kind, lin in width.items():
            affine = torch.cat([lin.weight.T, lin.bias[None]])  # (4, 3 * 8)
            k, q, v = affine.split(8, dim=1)
            at = slice(first[kind], first[kind] + 4)
            attention.query[at] = q
            for number, relation in enumerate(relations):
                if relation[0] != kind:
                    continue
                prior = conv.p_rel["__".join(relation)][0]
                for name, projected, maps in (
                    ("key", k, conv.k_rel),
                    ("value", v, conv.v_rel),
                ):
                    of_heads = _head_matrices(maps, conv, number)
                    moved = torch.einsum(
                        "nhc,hcd->nhd", projected.unflatten(1, heads), of_heads
                    )
                    if name == "key":
                        moved = moved * prior[None, :, None]
                    getattr(attention, name)[number, at] = moved.flatten(1)
    return attention


def _head_matrices(maps, conv, number):
    """Matrices of a relation for both heads, (2, 4, 4)."""
    n_relations = len(conv.edge_types)
    weight = maps.weight.view(-1, 4, 4)
    return torch.stack([weight[number], weight[number + n_relations]])
