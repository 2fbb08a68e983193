"""The CPU backend against the reference in float64, forward and every gradient."""

import pytest
import torch

from skattn.ops import Edges, edge_attention, use_backend
from skattn.ops._cpu import _backward_kernels, _call, _passes, _plan
from skattn.ops._cpu._passes import FEW_EDGES

HUB = _plan._HUB
TOLERANCE = 1e-5  # norm of the difference over norm of the truth


@pytest.fixture(autouse=True, params=["one pass", "two passes"])
def n_passes(request, monkeypatch):
    """Compute gradients in a single pass over the edges, or in two."""
    if request.param == "two passes":
        monkeypatch.setattr(_call, "is_single_pass", lambda _: False)
    else:
        monkeypatch.setattr(_plan, "_HUB", FEW_EDGES)


def _calls_of(name, monkeypatch):
    """Return a list that grows with every call of a kernel."""
    calls, kernel = [], getattr(_backward_kernels, name)
    monkeypatch.setattr(
        _backward_kernels, name, lambda *a: calls.append(1) or kernel(*a)
    )
    return calls


def _random(n_receivers, n_senders, n_edges, rng, hub=0):
    receivers = torch.randint(n_receivers, (n_edges,), generator=rng)
    senders = torch.randint(n_senders, (n_edges,), generator=rng)
    keep = receivers % 7 != 3  # some receivers without a sender
    receivers, senders = receivers[keep], senders[keep]
    if hub:  # node 0 has many senders and many receivers
        crowd_in = torch.randint(n_senders, (hub,), generator=rng)
        crowd_out = torch.randint(n_receivers, (hub,), generator=rng)
        zeros = torch.zeros(hub, dtype=torch.int64)
        receivers = torch.cat([receivers, zeros, crowd_out])
        senders = torch.cat([senders, crowd_in, zeros])
    return receivers, senders


def _edges(receivers, senders, n_receivers, n_senders):
    order = receivers.argsort(stable=True)
    counts = receivers.bincount(minlength=n_receivers)
    indptr = torch.cat([torch.zeros(1, dtype=torch.int64), counts.cumsum(0)])
    return Edges.from_csr(indptr, senders[order], n_senders)


def _graph(name):
    rng = torch.Generator().manual_seed(3)
    if name == "empty":
        return Edges.from_csr([0] * 6, [], n_senders=5)
    if name == "directed":
        return _edges(*_random(60, 60, 300, rng), 60, 60)
    if name == "undirected":
        a, b = _random(60, 60, 150, rng)
        return _edges(torch.cat([a, b]), torch.cat([b, a]), 60, 60)
    if name == "duplicates":
        a, b = _random(60, 60, 150, rng)
        return _edges(torch.cat([a, a]), torch.cat([b, b]), 60, 60)
    if name == "two sides":
        return _edges(*_random(50, 80, 300, rng), 50, 80)
    assert name == "hub"
    return _edges(*_random(3000, 2500, 6000, rng, hub=10_000), 3000, 2500)


EXTRAS = {
    "plain": {},
    "bias": {"bias": True},
    "edge features": {"n_edge_features": 3},
    "offset": {"offset": True},
    "dropout": {"dropout": 0.6},
    "all": {"bias": True, "n_edge_features": 2, "offset": True, "dropout": 0.3},
}


def _outcome(
    backend, edges, kind, tensors, make_score, dtype, dropout, fixed=(), *, ones=False
):
    given = {n: t.to(dtype).requires_grad_(n not in fixed) for n, t in tensors.items()}
    optional = {name: given.get(name) for name in ("bias", "edge_features", "offset")}
    score = make_score(kind, given)
    with use_backend(backend):
        out = edge_attention(
            edges,
            score,
            given.get("value", score.key),
            **optional,
            dropout=dropout,
            seed=2**63 + 11,
        )
    rng = torch.Generator().manual_seed(9)
    upstream = torch.ones(out.shape) if ones else torch.randn(out.shape, generator=rng)
    out.backward(upstream.to(dtype))
    grads = {name: t.grad for name, t in given.items() if name not in fixed}
    return {"out": out.detach()} | grads


def _assert_close(found, truth):
    for name, exact in truth.items():
        assert found[name].shape == exact.shape, name
        error = (found[name] - exact).norm()
        assert error <= TOLERANCE * exact.norm() + 1e-30, (name, error / exact.norm())


@pytest.mark.parametrize("extra", EXTRAS)
@pytest.mark.parametrize("kind", ["gat", "gatv2", "gatv2 shared", "dot", "dot shared"])
@pytest.mark.parametrize(
    "graph", ["empty", "directed", "undirected", "duplicates", "two sides", "hub"]
)
@pytest.mark.parametrize(("n_heads", "head_dim"), [(2, 16), (3, 5)])
def test_kernels_equal_the_reference(
    graph, kind, extra, n_heads, head_dim, make_call, make_score
):
    if graph == "hub" and n_heads == 3:
        n_heads, head_dim = 1, 3  # also odd, and less work
    options = dict(EXTRAS[extra])
    edges, dropout = _graph(graph), options.pop("dropout", 0.0)
    n_edge_features = options.pop("n_edge_features", 0)
    kind, shared = kind.split(" ")[0], "shared" in kind
    tensors = make_call(edges, kind, n_heads, head_dim, n_edge_features)
    absent = {"bias", "offset"} - set(options)
    absent |= set() if n_edge_features else {"edge_features"}
    absent |= {"value"} if shared else set()
    tensors = {name: t for name, t in tensors.items() if name not in absent}
    call = (edges, kind, tensors, make_score)
    truth = _outcome("reference", *call, torch.float64, dropout)
    _assert_close(_outcome("cpu", *call, torch.float32, dropout), truth)


@pytest.mark.parametrize("kind", ["gat", "gatv2", "dot"])
@pytest.mark.parametrize(
    ("n_heads", "head_dim"),
    [(1, 1), (1, 64), (2, 24), (3, 8), (4, 64), (5, 7), (8, 8), (12, 4), (17, 1)],
)
def test_kernels_equal_the_reference_at_any_width(
    kind, n_heads, head_dim, make_call, make_score
):
    edges = _graph("directed")
    tensors = make_call(edges, kind, n_heads, head_dim, n_edge_features=1)
    call = (edges, kind, tensors, make_score)
    truth = _outcome("reference", *call, torch.float64, 0.5)
    _assert_close(_outcome("cpu", *call, torch.float32, 0.5), truth)


def _rows_of(lengths):
    """Rows of these lengths, and as many senders; one sender has many receivers."""
    rng = torch.Generator().manual_seed(8)
    counts = torch.tensor(lengths)
    indptr = torch.cat([torch.zeros(1, dtype=torch.int64), counts.cumsum(0)])
    senders = torch.randint(len(lengths), (int(indptr[-1]),), generator=rng)
    senders[::3] = 1
    return Edges.from_csr(indptr, senders, len(lengths))


@pytest.mark.parametrize("n_heads", [1, 2, 4, 9])
@pytest.mark.parametrize("kind", ["gat", "gatv2", "dot"])
def test_rows_of_all_lengths_equal_the_reference(kind, n_heads, make_call, make_score):
    """Rows that fill a group of 32 edges, exceed it, or start within one."""
    lengths = [0, 1, 31, 0, 32, 33, 2, 0, 0, 63, 64, 65, *range(9), 256, 1, 257, 300, 0]
    edges = _rows_of(lengths + [0] * 40 + [1] * 40)
    tensors = make_call(edges, kind, n_heads, 8, n_edge_features=2)
    call = (edges, kind, tensors, make_score)
    truth = _outcome("reference", *call, torch.float64, 0.3)
    _assert_close(_outcome("cpu", *call, torch.float32, 0.3), truth)


@pytest.mark.parametrize("extra", [*EXTRAS, "prior"])
@pytest.mark.parametrize("n_heads", [1, 2, 3, 5, 8, 9])
@pytest.mark.parametrize("twice", [True, False])
def test_query_gradient_of_gat_equals_the_reference_either_way(
    twice, n_heads, extra, make_call, make_score, monkeypatch
):
    """With or without second sums, for rows with positive, negative or mixed scores."""
    sizes_seen = []

    def needs_second_sums(*sizes, query, bias):
        sizes_seen.append(sizes)
        return (query or bias) and twice

    monkeypatch.setattr(_call, "needs_second_sums", needs_second_sums)
    lengths = [0, 1, 31, 0, 32, 33, 2, 0, 63, 64, 65, *range(9), 256, 1, 257, 300, 0]
    edges = _rows_of(lengths + [0] * 40 + [1] * 40)
    options = dict({"prior": {"bias": True}} | EXTRAS)[extra]
    n_features = options.get("n_edge_features", 0)
    tensors = make_call(edges, "gat", n_heads, 5, n_features)
    tensors["query"][4:12] += 100.0
    tensors["query"][12:15] -= 100.0
    absent = {"bias", "offset"} - set(options)
    absent |= set() if n_features else {"edge_features"}
    tensors = {name: t for name, t in tensors.items() if name not in absent}
    call = (edges, "gat", tensors, make_score)
    dropout, fixed = options.get("dropout", 0.0), {"bias"} if twice else set()
    truth = _outcome("reference", *call, torch.float64, dropout, fixed)
    _assert_close(_outcome("cpu", *call, torch.float32, dropout, fixed), truth)
    assert sizes_seen


@pytest.mark.parametrize(
    ("width", "fixed", "has_pass"),
    [(8, {"bias"}, False), (8, set(), True), (32, {"bias"}, True)],
)
def test_query_gradient_of_gat_takes_a_pass_only_if_that_is_cheaper(
    width, fixed, has_pass, make_call, make_score, monkeypatch
):
    edges = _edges(*_random(40, 40, 800, torch.Generator().manual_seed(0)), 40, 40)
    monkeypatch.setattr(_call, "is_single_pass", lambda _: False)
    calls = _calls_of("receiver_gradients", monkeypatch)
    tensors = make_call(edges, "gat", 2, width)
    del tensors["edge_features"]
    call = (edges, "gat", tensors, make_score)
    truth = _outcome("reference", *call, torch.float64, 0.0, fixed)
    _assert_close(_outcome("cpu", *call, torch.float32, 0.0, fixed), truth)
    assert (len(calls) > 0) == has_pass


@pytest.mark.parametrize("kind", ["gatv2", "dot"])
def test_value_may_be_wider_than_key(kind, make_call, make_score):
    edges = _graph("directed")
    tensors = make_call(edges, kind, 4, 8)
    tensors |= {n: t for n, t in make_call(edges, kind, 4, 21).items() if n == "value"}
    del tensors["offset"]
    call = (edges, kind, tensors, make_score)
    truth = _outcome("reference", *call, torch.float64, 0.0)
    _assert_close(_outcome("cpu", *call, torch.float32, 0.0), truth)


@pytest.mark.parametrize("kind", ["gat", "gatv2", "dot"])
def test_more_edges_than_int32_can_count_give_the_same(
    kind, make_call, make_score, monkeypatch
):
    tensors = make_call(_graph("two sides"), kind, n_edge_features=1)
    call = (kind, tensors, make_score, torch.float32, 0.5)
    narrow = _outcome("cpu", _graph("two sides"), *call)
    monkeypatch.setattr("skattn.ops._cpu._plan._INT32", 10)
    wide = _outcome("cpu", _graph("two sides"), *call)
    assert all(wide[name].equal(narrow[name]) for name in narrow)


@pytest.mark.parametrize("n_heads", [1, 2, 4, 9])
@pytest.mark.parametrize("kind", ["gat", "gatv2", "dot"])
@pytest.mark.parametrize("graph", ["empty", "hub", "rows of all lengths"])
def test_prefetched_rows_change_nothing(
    graph, kind, n_heads, make_call, make_score, monkeypatch
):
    lengths = [0, 1, 31, 0, 32, 33, 2, 0, 0, 63, 64, 65, 256, 1, 257, 1, 0, 0]
    edges = _graph(graph) if graph in {"empty", "hub"} else _rows_of(lengths)
    tensors = make_call(edges, kind, n_heads, 8, n_edge_features=1)
    call = (edges, kind, tensors, make_score, torch.float32, 0.5)
    found = {}
    for n_bytes in (0, 2**40):
        monkeypatch.setattr("skattn.ops._cpu._passes._L2", n_bytes)
        found[n_bytes] = _outcome("cpu", *call)
    assert all(found[0][name].equal(found[2**40][name]) for name in found[0])


@pytest.mark.parametrize("poison", [torch.nan, torch.inf])
@pytest.mark.parametrize("kind", ["gat", "gatv2", "dot"])
def test_a_value_that_is_not_finite_reaches_only_its_receivers(
    kind, poison, edges, make_call, make_score
):
    tensors = make_call(edges, kind)
    clean = edge_attention(edges, make_score(kind, tensors), tensors["value"])
    tensors["value"][2] = poison
    out = edge_attention(edges, make_score(kind, tensors), tensors["value"])
    assert out[[0, 2]].equal(clean[[0, 2]])
    assert not out[[1, 3]].isfinite().any()


@pytest.mark.parametrize("kind", ["gat", "gatv2", "dot"])
def test_long_rows_keep_their_digits(kind, make_call, make_score):
    """Sums of 10^4 numbers would have an error of 8e-6 in float32 alone."""
    edges = _graph("hub")
    tensors = make_call(edges, kind, 4, 32)
    tensors = {n: t for n, t in tensors.items() if n not in ("bias", "edge_features")}
    call = (edges, kind, tensors, make_score)
    truth = _outcome("reference", *call, torch.float64, 0.0)
    found = _outcome("cpu", *call, torch.float32, 0.0)
    for name, exact in truth.items():
        assert (found[name] - exact).norm() <= 3e-6 * exact.norm(), name


@pytest.mark.parametrize("kind", ["gat", "gatv2", "dot"])
def test_equal_receivers_of_one_sender_keep_their_digits(
    kind, make_call, make_score, monkeypatch
):
    """Rounding errors of equal numbers add up: 6e-5 for 8000 in float32 alone."""
    monkeypatch.setattr(_plan, "_HUB", HUB)
    hub = torch.arange(8000)
    edges = _edges(hub.repeat(2), torch.cat([hub, 0 * hub]), 8000, 8000)
    tensors = make_call(edges, kind, 2, 8)
    tensors = {n: t for n, t in tensors.items() if n not in ("bias", "edge_features")}
    for name in ("query", "key", "value"):
        tensors[name][1:] = tensors[name][1].clone()
    call = (edges, kind, tensors, make_score)
    truth = _outcome("reference", *call, torch.float64, 0.0, ones=True)["value"][0]
    found = _outcome("cpu", *call, torch.float32, 0.0, ones=True)["value"][0]
    assert (found - truth).norm() < 5e-6 * truth.norm()


@pytest.mark.parametrize(("n_receivers", "expected"), [(256, 1), (257, 0)])
def test_senders_with_many_receivers_need_a_pass_by_sender(
    n_receivers, expected, make_call, make_score, monkeypatch
):
    monkeypatch.setattr(_call, "is_single_pass", _passes.is_single_pass)
    monkeypatch.setattr(_plan, "_HUB", HUB)
    calls = _calls_of("fused_gradients", monkeypatch)
    receivers = torch.arange(n_receivers)
    edges = _edges(receivers, 0 * receivers, n_receivers, n_receivers)
    tensors = make_call(edges, "gat", 2, 8)
    del tensors["edge_features"]
    _outcome("cpu", edges, "gat", tensors, make_score, torch.float32, 0.0)
    assert len(calls) == expected


@pytest.mark.parametrize(("n_edges", "expected"), [((1 << 14) - 1, 1), (1 << 14, 0)])
def test_few_edges_take_a_single_pass_and_are_not_sorted_by_sender(
    n_edges, expected, make_call, make_score, monkeypatch
):
    monkeypatch.setattr(_call, "is_single_pass", _passes.is_single_pass)
    calls = _calls_of("fused_gradients", monkeypatch)
    senders = torch.arange(n_edges) % 200
    edges = _edges(torch.arange(n_edges) % 100, senders, 100, 200)
    tensors = make_call(edges, "gat", 2, 8)
    del tensors["edge_features"]
    _outcome("cpu", edges, "gat", tensors, make_score, torch.float32, 0.0)
    assert len(calls) == expected
    assert ("by_sender" in vars(_plan.plan_of(edges))) == (not expected)


def test_no_tensor_of_messages_is_kept(edges, make_call, make_score):
    tensors = make_call(edges, "gatv2")
    score = make_score("gatv2", {n: t.requires_grad_() for n, t in tensors.items()})
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda tensor: kept.append(tensor) or tensor, lambda tensor: tensor
    ):
        edge_attention(edges, score, tensors["value"])
    inputs = {id(tensors[name]) for name in ("query", "key", "attention", "value")}
    added = [t for t in kept if id(t) not in inputs and t.shape]
    sizes = sum(t.numel() for t in added)
    assert sizes <= (edges.n_receivers * (8 + 1) + edges.n_edges) * 2 + sum(
        tensors[name].numel() for name in ("query", "key", "attention", "value")
    )


def test_gradient_of_an_input_changed_in_place_is_refused(edges, make_call, make_score):
    tensors = make_call(edges, "gat")
    value = tensors["value"].requires_grad_()
    hidden = value * 1
    out = edge_attention(edges, make_score("gat", tensors), hidden)
    with torch.no_grad():
        hidden.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


def test_tensors_need_not_be_contiguous(edges, make_call, make_score):
    tensors = make_call(edges, "dot")
    turned = {
        name: t.transpose(0, 1).contiguous().transpose(0, 1) if t.dim() > 1 else t
        for name, t in tensors.items()
    }
    outs = [
        edge_attention(edges, make_score("dot", given), given["value"])
        for given in (tensors, turned)
    ]
    assert outs[0].equal(outs[1])


def test_senders_may_be_int64(edges, make_call, make_score):
    wide = Edges(edges.indptr, edges.senders.long(), edges.n_senders)
    tensors = make_call(edges, "gat")
    score = make_score("gat", tensors)
    with use_backend("cpu"):
        outs = [edge_attention(e, score, tensors["value"]) for e in (edges, wide)]
    assert outs[0].equal(outs[1])


def test_rows_are_cut_into_blocks_before_threads_share_them(monkeypatch):
    """Kernels have only addresses: arrays made twice by two threads would be freed."""
    cut, cuts = _plan.csr.cut_rows, []
    monkeypatch.setattr(_plan.csr, "cut_rows", lambda *a: cuts.append(a) or cut(*a))
    plan = _plan.plan_of(_graph("directed"))
    assert len(cuts) == 1
    assert plan.by_sender is plan.by_sender
    assert len(cuts) == 2
    assert len(plan.by_receiver.addresses) == len(plan.by_sender.addresses)
    assert len(cuts) == 2
