"""Kernels of typed edges against the reference in float64, and their sums of types."""

import pytest
import torch

from skattn.ops import Edges, TypedEdges, edge_attention, use_backend

KINDS = ["gat", "gatv2", "gatv2 shared", "dot", "dot shared"]
LENGTHS = [0, 1, 31, 0, 32, 33, 2, 0, 63, 64, 65, *range(9), 256, 1, 257, 300, 0]


def graph_of(lengths, n_types, seed=8):
    """Edges of rows of these lengths, many of them from sender 1, and their types."""
    rng = torch.Generator().manual_seed(seed)
    counts = torch.tensor(lengths)
    indptr = torch.cat([torch.zeros(1, dtype=torch.int64), counts.cumsum(0)])
    n_edges = int(indptr[-1])
    senders = torch.randint(len(lengths), (n_edges,), generator=rng)
    senders[::3] = 1
    types = torch.randint(n_types, (n_edges,), generator=rng)
    types[::2] = 0
    return Edges.from_csr(indptr, senders, len(lengths)), types


def outcome(backend, graph, kind, tensors, make_score, dtype, dropout=0.0):
    edges, types = graph
    given = {n: t.detach().to(dtype).requires_grad_() for n, t in tensors.items()}
    optional = {name: given.get(name) for name in ("bias", "edge_features", "offset")}
    score = make_score(kind, given)
    key = given["of_key"]
    typed = TypedEdges(edges, types, key, given.get("of_value", key))
    value = given.get("value", score.key)
    with use_backend(backend):
        out = edge_attention(typed, score, value, **optional, dropout=dropout, seed=5)
    slope = torch.randn(out.shape, generator=torch.Generator().manual_seed(9))
    out.backward(slope.to(dtype))
    return {"out": out.detach()} | {name: t.grad for name, t in given.items()}


def tensors_of(graph, kind, make_call, n_types, *, heads=2, width=8, extras=()):
    """Tensors of a call: a shared kind has no values, else `extras` may be there."""
    kind, shared = kind.split(" ")[0], "shared" in kind
    n_edge_features = 2 if "edge_features" in extras else 0
    tensors = make_call(graph[0], kind, heads, width, n_edge_features)
    rng = torch.Generator().manual_seed(1)
    tail = tensors["key"].shape[1:]
    tensors["of_key"] = torch.randn(n_types, *tail, generator=rng)
    tensors["of_value"] = torch.randn(n_types, heads, width, generator=rng)
    absent = {"bias", "edge_features", "offset"} - set(extras)
    absent |= {"value", "of_value"} if shared else set()
    return kind, {name: t for name, t in tensors.items() if name not in absent}


def assert_near(found, truth, tolerance=1e-5):
    for name, exact in truth.items():
        assert found[name].shape == exact.shape, name
        error = (found[name] - exact).norm()
        assert error <= tolerance * exact.norm() + 1e-30, (name, error / exact.norm())


@pytest.mark.parametrize("extras", [(), ("bias", "edge_features", "offset")])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("heads", "width"), [(1, 3), (2, 16), (3, 5), (9, 4)])
def test_kernels_equal_the_reference(kind, extras, heads, width, make_call, make_score):
    graph = graph_of(LENGTHS + [0] * 40 + [1] * 40, n_types=7)
    shape = {"heads": heads, "width": width, "extras": extras}
    kind, tensors = tensors_of(graph, kind, make_call, 7, **shape)
    call = (graph, kind, tensors, make_score)
    dropout = 0.3 if extras else 0.0
    truth = outcome("reference", *call, torch.float64, dropout)
    assert_near(outcome("cpu", *call, torch.float32, dropout), truth)


@pytest.mark.parametrize("kind", KINDS)
def test_any_number_of_threads_gives_the_same_bits(kind, make_call, make_score):
    """Four blocks of senders, in two sums of the gradients of 250 types."""
    graph = graph_of([16] * 2200, n_types=250)
    kind, tensors = tensors_of(graph, kind, make_call, 250)
    call, found = ("cpu", graph, kind, tensors, make_score, torch.float32), []
    before = torch.get_num_threads()
    try:
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            found.append(outcome(*call))
    finally:
        torch.set_num_threads(before)
    assert all(found[0][name].equal(found[1][name]) for name in found[0])
    assert_near(found[0], outcome("reference", *call[1:-1], torch.float64))


@pytest.mark.parametrize("kind", ["gat", "gatv2 shared", "dot"])
def test_a_type_of_many_edges_keeps_its_digits(kind, make_call, make_score):
    """Half of 35 000 edges have type 0; equal numbers make rounding errors add up."""
    graph = graph_of([16] * 2200, n_types=4)
    kind, tensors = tensors_of(graph, kind, make_call, 4)
    for name in ("query", "key", "value"):
        if name in tensors:
            tensors[name][1:] = tensors[name][1].clone()
    call = (graph, kind, tensors, make_score)
    truth = outcome("reference", *call, torch.float64)
    truth = {name: exact for name, exact in truth.items() if name.startswith("of_")}
    assert_near(outcome("cpu", *call, torch.float32), truth, 3e-6)


@pytest.mark.parametrize("kind", ["gat", "gatv2", "dot"])
def test_prefetches_and_wide_indices_change_nothing(
    kind, make_call, make_score, monkeypatch
):
    found = []
    for name, value in ((None, 0), ("_passes._L2", 0), ("_plan._INT32", 10)):
        if name:
            monkeypatch.setattr(f"skattn.ops._cpu.{name}", value)
        graph = graph_of(LENGTHS, n_types=5)
        _, tensors = tensors_of(graph, kind, make_call, 5)
        found.append(outcome("cpu", graph, kind, tensors, make_score, torch.float32))
    for other in found[1:]:
        assert all(other[name].equal(found[0][name]) for name in other)


def test_no_senders_have_no_gradients(make_call, make_score):
    graph = Edges.from_csr([0, 0], [], 0), torch.zeros(0, dtype=torch.int32)
    kind, tensors = tensors_of(graph, "gat", make_call, 3)
    found = outcome("cpu", graph, kind, tensors, make_score, torch.float32)
    assert found["out"].eq(0).all()
    assert found["of_value"].eq(0).all()


def test_no_tensor_with_a_row_per_edge_is_kept(make_call, make_score):
    graph = graph_of([16] * 500, n_types=5)
    kind, tensors = tensors_of(graph, "gatv2 shared", make_call, 5, width=16)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda tensor: kept.append(tensor) or tensor, lambda tensor: tensor
    ):
        outcome("cpu", graph, kind, tensors, make_score, torch.float32)
    assert max(tensor.numel() for tensor in kept) == 500 * 2 * 16  # of 8000 edges


def test_relabelled_types_give_the_same_bits(make_call, make_score):
    edges, types = graph_of(LENGTHS, n_types=5)
    order = torch.tensor([3, 0, 4, 1, 2])
    kind, tensors = tensors_of((edges, types), "gatv2 shared", make_call, 5)
    found = outcome("cpu", (edges, types), kind, tensors, make_score, torch.float32)
    moved = tensors | {"of_key": tensors["of_key"][order.argsort()]}
    graph = edges, order[types]
    other = outcome("cpu", graph, kind, moved, make_score, torch.float32)
    other["of_key"] = other["of_key"][order]
    assert all(found[name].equal(other[name]) for name in found)
