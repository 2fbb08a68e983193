import pytest
import torch

from skattn.ops import Edges, TypedEdges, edge_attention, use_backend
from skattn.ops._triton import _plan

N_TYPES = 5
OPTIONAL = ("bias", "edge_features", "offset")


def _edges(hub=0):
    """9 receivers, of which one has `hub` more senders; half of the types are 1."""
    degrees = torch.tensor([2, 0, hub, 5, 1, 3, 4, 0, 2])
    indptr = torch.cat([torch.zeros(1, dtype=torch.int64), degrees.cumsum(0)])
    numbers = torch.arange(int(indptr[-1]))
    senders, types = numbers * 7 % 11, numbers * 3 % (N_TYPES - 1)  # none of type 4
    senders[::3] = types[::2] = 1
    return Edges.from_csr(indptr, senders, n_senders=11), types


@pytest.fixture
def attend(make_score):
    """Function that returns the output and all gradients, by name."""

    def run(graph, kind, tensors, backend, **options):
        leaves = {n: x.detach().clone().requires_grad_() for n, x in tensors.items()}
        score, of_key = make_score(kind, leaves), leaves["of_key"]
        edges = TypedEdges(*graph, of_key, leaves.get("of_value", of_key))
        optional = {name: leaves.get(name) for name in OPTIONAL}
        value = leaves.get("value", score.key)
        with use_backend(backend):
            out = edge_attention(edges, score, value, **optional, **options)
        weights = torch.randn(out.shape, generator=torch.Generator().manual_seed(5))
        out.backward(weights.to(out.dtype))
        return {"out": out.detach(), **{name: x.grad for name, x in leaves.items()}}

    return run


@pytest.fixture
def make_typed_call(make_call):
    """Function that draws the tensors of a call with vectors of types, by name."""

    def make(edges, kind, *sizes, shared=False, without=OPTIONAL):
        n_features = 0 if "edge_features" in without else 2
        tensors = make_call(edges, kind, *sizes, n_edge_features=n_features)
        rng = torch.Generator().manual_seed(1)
        for name, like in (("of_key", "key"), ("of_value", "value")):
            shape = N_TYPES, *tensors[like].shape[1:]
            tensors[name] = torch.randn(shape, generator=rng)
        absent = {*without, *(("value", "of_value") if shared else ())}
        return {name: x for name, x in tensors.items() if name not in absent}

    return make


@pytest.mark.parametrize(
    ("kind", "shared"), [("gat", False), ("gatv2", True), ("dot", False)]
)
def test_rows_of_receivers_senders_and_types_in_pieces(
    kind, shared, make_typed_call, worst_error, monkeypatch
):
    monkeypatch.setattr(_plan, "_PIECE", 8)
    monkeypatch.setattr(_plan, "_TYPE_PIECE", 16)
    edges, types = graph = _edges(hub=40)
    assert _plan.plan_of(edges).by_type(types, N_TYPES).n_pieces == 3  # all of type 1
    tensors = make_typed_call(edges, kind, 3, 5, shared=shared, without=())
    assert worst_error(graph, kind, tensors, dropout=0.4, seed=3) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "shared"),
    [("gat", False), ("gatv2", False), ("gatv2", True), ("dot", False), ("dot", True)],
)
def test_rows_that_are_not_cut(kind, shared, make_typed_call, worst_error):
    graph = _edges()
    tensors = make_typed_call(graph[0], kind, 4, 16, shared=shared)
    assert worst_error(graph, kind, tensors) < 1e-5


@pytest.mark.slow
def test_16_bits_are_as_accurate_as_the_reference(make_typed_call, worst_error):
    graph = _edges(hub=20)
    tensors = make_typed_call(graph[0], "gatv2", 2, 16, shared=True)
    tensors = {name: x.bfloat16() for name, x in tensors.items()}
    limit = 2 * worst_error(graph, "gatv2", tensors, "reference")
    assert worst_error(graph, "gatv2", tensors) < limit


def test_calls_repeat_bit_for_bit_and_keep_no_row_per_edge(make_typed_call, attend):
    graph = _edges(hub=40)
    tensors, kept = make_typed_call(graph[0], "dot", 2, 8), []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda x: kept.append(x.shape) or x, lambda x: x
    ):
        first = attend(graph, "dot", tensors, "triton")
    second = attend(graph, "dot", tensors, "triton")
    assert all(first[name].equal(second[name]) for name in first)
    assert max(shape[0] for shape in kept) == 11  # senders
    assert first["of_key"][4].eq(0).all()  # no edge has the type


def test_vectors_without_gradients_need_no_pass_by_type(make_score, make_typed_call):
    edges, types = _edges()
    tensors = make_typed_call(edges, "dot", 2, 8)
    value = tensors["value"].requires_grad_()
    typed = TypedEdges(edges, types, tensors["of_key"], tensors["of_value"])
    with use_backend("triton"):
        edge_attention(typed, make_score("dot", tensors), value).sum().backward()
    assert value.grad.isfinite().all()
    assert "_by_type" not in vars(_plan.plan_of(edges))
