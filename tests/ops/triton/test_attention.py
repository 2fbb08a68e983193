import itertools

import pytest
import torch

from skattn.ops import Edges, Gat, Pooling, edge_attention, use_backend
from skattn.ops._triton import _plan

KINDS = pytest.mark.parametrize("kind", ["gat", "gatv2", "dot"])
HALVES = pytest.mark.parametrize(
    ("kind", "dtype"),
    [("gat", torch.bfloat16), ("gatv2", torch.bfloat16), ("dot", torch.float16)],
)
SEED = 0x0123_4567_89AB_CDEF
OPTIONAL = ("bias", "edge_features", "offset")


def _directed(hub=0):
    """9 receivers, of which one has `hub` more senders; every third sender is 1."""
    degrees = torch.tensor([2, 0, hub, 5, 1, 3, 4, 0, 2])
    indptr = torch.cat([torch.zeros(1, dtype=torch.int64), degrees.cumsum(0)])
    senders = torch.arange(int(indptr[-1])) * 7 % 11
    senders[::3] = 1
    return Edges.from_csr(indptr, senders, n_senders=11)


@pytest.fixture
def attend(make_score):
    """Function that returns the output and all gradients, by name."""

    def run(edges, kind, tensors, backend, *, shared=False, **options):
        leaves = {
            name: x.detach().clone().requires_grad_()
            for name, x in tensors.items()
            if not (shared and name == "value")
        }
        score = make_score(kind, leaves)
        with use_backend(backend):
            out = edge_attention(
                edges,
                score,
                score.key if shared else leaves["value"],
                **{name: leaves.get(name) for name in OPTIONAL},
                **options,
            )
        weights = torch.randn(out.shape, generator=torch.Generator().manual_seed(5))
        out.backward(weights.to(out.dtype))
        return {"out": out.detach(), **{name: x.grad for name, x in leaves.items()}}

    return run


def _without(tensors, *names):
    return {name: x for name, x in tensors.items() if name not in names}


@KINDS
def test_outputs_and_gradients_are_those_of_the_reference(kind, make_call, worst_error):
    edges = _directed()
    tensors = make_call(edges, kind, n_heads=4, head_dim=16)
    tensors = _without(tensors, *OPTIONAL)
    assert worst_error(edges, kind, tensors) < 1e-5


@KINDS
def test_optional_tensors_and_dropout_in_odd_sizes(kind, make_call, worst_error):
    edges = _directed()
    tensors = make_call(edges, kind, n_heads=3, head_dim=5, n_edge_features=3)
    assert worst_error(edges, kind, tensors, dropout=0.4, seed=SEED) < 1e-5


@KINDS
def test_rows_in_pieces(kind, make_call, worst_error, monkeypatch):
    monkeypatch.setattr(_plan, "_PIECE", 8)
    edges = _directed(hub=40)
    tensors = make_call(edges, kind, n_heads=2, head_dim=8, n_edge_features=2)
    assert _plan.plan_of(edges).by_receiver.n_pieces == 5
    assert _plan.plan_of(edges).by_sender.n_pieces > 0
    assert worst_error(edges, kind, tensors, dropout=0.4, seed=SEED) < 1e-5


@pytest.mark.parametrize("kind", ["gatv2", "dot"])
@pytest.mark.parametrize("piece", [8, pytest.param(256, marks=pytest.mark.slow)])
def test_shared_key_and_value(kind, piece, make_call, worst_error, monkeypatch):
    monkeypatch.setattr(_plan, "_PIECE", piece)
    edges = _directed(hub=40)
    tensors = make_call(edges, kind, n_heads=2, head_dim=8)
    tensors = _without(tensors, "edge_features")
    assert worst_error(edges, kind, tensors, shared=True) < 1e-5


@HALVES
def test_16_bits_are_as_accurate_as_the_reference(kind, dtype, make_call, worst_error):
    edges = _directed(hub=20)
    tensors = make_call(edges, kind, n_heads=2, head_dim=16)
    tensors = {name: x.to(dtype) for name, x in tensors.items()}
    tensors = _without(tensors, "edge_features")
    limit = 2 * worst_error(edges, kind, tensors, "reference")
    assert worst_error(edges, kind, tensors) < limit


@pytest.mark.parametrize(
    "kind",
    ["gatv2", *(pytest.param(k, marks=pytest.mark.slow) for k in ("gat", "dot"))],
)
def test_autocast_mixes_16_bit_values_with_float32(kind, make_call, worst_error):
    edges = _directed()
    tensors = make_call(edges, kind, n_heads=2, head_dim=16, n_edge_features=2)
    half = {name: x.bfloat16() for name, x in tensors.items()}
    limit = 2 * worst_error(edges, kind, half, "reference")
    parameters = {"attention", "bias", "offset"} & tensors.keys()
    mixed = half | {name: half[name].float() for name in parameters}
    assert worst_error(edges, kind, mixed) < limit


def test_value_may_have_another_width_than_the_key(make_call, worst_error):
    edges = _directed()
    tensors = make_call(edges, "dot", n_heads=2, head_dim=8)
    tensors["value"] = tensors["value"][..., :3].contiguous()
    tensors = _without(tensors, *OPTIONAL)
    assert worst_error(edges, "dot", tensors) < 1e-5


def test_wide_rows_have_several_warps_and_one_edge(make_call, worst_error):
    edges = _directed()
    tensors = _without(make_call(edges, "dot", n_heads=2, head_dim=700), *OPTIONAL)
    assert worst_error(edges, "dot", tensors) < 1e-5


def test_pooling(relative_error):
    edges = Edges.from_csr([0, 3, 3, 5], [0, 1, 2, 3, 4], n_senders=5)
    rng = torch.Generator().manual_seed(0)
    key, value = torch.randn(5, 2, generator=rng), torch.randn(5, 2, 8, generator=rng)
    with use_backend("reference"):
        expected = edge_attention(edges, Pooling(key.double()), value.double())
    with use_backend("triton"):
        assert (
            relative_error(edge_attention(edges, Pooling(key), value), expected) < 1e-6
        )


def test_graph_without_edges_gets_the_offset():
    edges = Edges.from_csr([0, 0, 0], [], n_senders=3)
    query, key = torch.zeros(2, 2), torch.zeros(3, 2, requires_grad=True)
    offset = torch.arange(8.0).view(2, 4)
    with use_backend("triton"):
        out = edge_attention(edges, Gat(query, key), torch.ones(3, 2, 4), offset=offset)
    out.sum().backward()
    assert out.equal(offset.expand(2, 2, 4))
    assert key.grad.eq(0).all()


def test_graph_without_receivers():
    edges = Edges.from_csr([0], [], n_senders=3)
    value = torch.ones(3, 2, 4, requires_grad=True)
    offset = torch.ones(2, 4, requires_grad=True)
    with use_backend("triton"):
        score = Gat(torch.zeros(0, 2), torch.zeros(3, 2))
        out = edge_attention(edges, score, value, offset=offset)
    out.sum().backward()
    assert out.shape == (0, 2, 4)
    assert value.grad.eq(0).all()
    assert offset.grad.eq(0).all()


def test_nan_stays_in_its_row():
    edges = _directed()
    query = torch.zeros(9, 1)
    query[0] = torch.nan
    with use_backend("triton"):
        out = edge_attention(
            edges, Gat(query, torch.zeros(11, 1)), torch.ones(11, 1, 8)
        )
    assert out[0].isnan().all()
    assert out[1:].isfinite().all()


def test_row_has_the_same_result_in_every_graph(make_call, attend, monkeypatch):
    monkeypatch.setattr(_plan, "_PIECE", 8)
    edges = _directed(hub=40)
    tensors = _without(make_call(edges, "gatv2"), *OPTIONAL)
    whole = attend(edges, "gatv2", tensors, "triton")
    part = attend(
        edges.part(2, 4), "gatv2", tensors | {"query": tensors["query"][2:4]}, "triton"
    )
    assert part["out"].equal(whole["out"][2:4])


GRID = [
    case
    for case in itertools.product(
        ("gat", "gatv2", "dot"),
        ((1, 4), (3, 5), (4, 16)),
        (0, 3),
        (0.0, 0.4),
        (False, True),
        (8, 256),
    )
    if not (case[0] == "gat" and case[4])
]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "sizes", "n_features", "p", "shared", "piece"), GRID)
def test_grid(
    kind, sizes, n_features, p, shared, piece, make_call, worst_error, monkeypatch
):
    monkeypatch.setattr(_plan, "_PIECE", piece)
    edges = _directed(hub=40)
    tensors = make_call(edges, kind, *sizes, n_edge_features=n_features)
    options = {"shared": shared, "dropout": p, "seed": SEED if p else 0}
    assert worst_error(edges, kind, tensors, **options) < 1e-5
