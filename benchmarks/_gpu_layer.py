"""One attention layer on a device: equality, time, memory, and sizes of programs."""

# ruff: noqa: PLC0415  (sections load only their own libraries)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import scipy.sparse as sp
import torch
from torch import Tensor

from benchmarks._gpu_measure import Device, line, section
from benchmarks._measure import heavy_tailed_graph

SCORES = ("gat", "gatv2", "dot")
_PYG = {"gat": "GATConv", "gatv2": "GATv2Conv", "dot": "TransformerConv"}
_ROWS = {"gat": (2, 5), "gatv2": (4, 8), "dot": (5, 10)}
"""Rows of a node gathered per edge, and moved per node, forward and backward."""
_EDGE_BYTES = 230
_SLOWEST_COPY = 3.0  # TB/s: an H100
_N_SLOW = 4  # steps of other libraries

Step = Callable[[], list[Tensor]]


def _make_layer(
    device: Device, score: str, dtype: torch.dtype, dropout: float
) -> tuple[torch.nn.Module, Tensor, Tensor]:
    """Make a layer, features of the nodes, and a gradient of the output."""
    from skattn.nn import GraphAttention

    n_features, n_heads, width = device.sizes
    torch.manual_seed(0)
    layer = GraphAttention(
        n_features, width, n_heads=n_heads, score=score, dropout=dropout
    )
    x = torch.randn(device.n_nodes, n_features)
    slope = torch.randn(device.n_nodes, n_heads * width)
    return (
        layer.to(device.torch, dtype),
        x.to(device.torch, dtype),
        slope.to(device.torch, dtype),
    )


def _edges(device: Device, adjacency: sp.csr_array) -> Any:
    from skattn.ops import Edges

    edges = Edges.from_csr(adjacency.indptr, adjacency.indices, adjacency.shape[0])
    return edges.to(device.torch)


def _ours(
    device: Device,
    edges: Any,
    score: str,
    *,
    dtype: torch.dtype = torch.float32,
    dropout: float = 0.0,
    backend: str = "triton",
) -> Step:
    """Return a step: forward and backward; it returns output and gradients."""
    from skattn.ops import use_backend

    layer, x, slope = _make_layer(device, score, dtype, dropout)

    def step() -> list[Tensor]:
        layer.zero_grad()
        generator = torch.Generator().manual_seed(0)
        with use_backend(backend):
            out = layer(x, edges, generator=generator)
            out.backward(slope)
        return [out.detach(), *(p.grad for p in layer.parameters())]

    return step


def _pyg(device: Device, adjacency: sp.csr_array, score: str) -> Callable[[], None]:
    from torch_geometric import nn as pyg

    n_features, n_heads, width = device.sizes
    receivers, senders = (torch.from_numpy(i).long() for i in adjacency.tocoo().coords)
    edge_index = torch.stack([senders, receivers]).to(device.torch)
    only = {"root_weight": False} if score == "dot" else {"add_self_loops": False}
    layer = getattr(pyg, _PYG[score])(n_features, width, heads=n_heads, **only)
    layer = layer.to(device.torch)
    x = torch.randn(device.n_nodes, n_features, device=device.torch)
    slope = torch.randn(device.n_nodes, n_heads * width, device=device.torch)

    def step() -> None:
        layer.zero_grad()
        layer(x, edge_index).backward(slope)

    return step


def card(device: Device) -> None:
    """Print versions, the device, and rates of a copy, a gather and a product."""
    import importlib

    for name in ("torch", "triton", "numpy", "sklearn", "skorch", "torch_geometric"):
        with section(f"card {name}"):
            module = importlib.import_module(name)
            line(f"card {name} {module.__version__}")
    if not device.is_cuda:
        return
    facts = torch.cuda.get_device_properties(0)
    line(f"card {facts.name}, {facts.multi_processor_count} multiprocessors")
    x = torch.ones(1 << 30, dtype=torch.uint8, device=device.torch)
    y = torch.empty_like(x)
    ms = device.time(lambda: y.copy_(x)).ms
    line(f"card copy {2 * x.numel() / ms / 1e9:.2f} TB/s, read and written")
    n_features, n_heads, width = device.sizes
    table = torch.randn(device.n_nodes, n_heads * width, device=device.torch)
    rows = torch.randint(0, device.n_nodes, (2_500_000,), device=device.torch)
    out = torch.empty(len(rows), n_heads * width, device=device.torch)
    ms = device.time(lambda: torch.index_select(table, 0, rows, out=out)).ms
    line(f"card gather of rows {2 * out.nbytes / ms / 1e9:.2f} TB/s in {ms:.2f} ms")
    x = torch.randn(device.n_nodes, n_features, device=device.torch)
    weight = torch.randn(n_features, n_heads * width, device=device.torch)
    line(f"card product with a weight {device.time(lambda: x @ weight).ms:.2f} ms")


def equal(device: Device) -> None:
    """Compare outputs and gradients with the reference in float64, norm-wise."""
    small = Device(device.name, 3000 if device.is_cuda else 40)
    hub = sp.lil_array(heavy_tailed_graph(small.n_nodes, 6))
    hub[7, : small.n_nodes // 2] = 1  # receives, and sends, along many edges
    hub[: small.n_nodes // 2, 9] = 1
    edges = _edges(small, sp.csr_array(hub))
    for score in SCORES:
        for dtype in (torch.float32, torch.bfloat16):
            name = f"equal {score} {str(dtype).removeprefix('torch.')}"
            with section(name):
                ours, plain = (
                    _difference(small, edges, score, dtype, backend)
                    for backend in ("triton", "reference")
                )
                limit = 1e-5 if dtype == torch.float32 else 2 * plain
                verdict = "RIGHT" if ours <= limit else "WRONG"
                line(
                    f"{name}: {verdict} {ours:.1e}, reference in this type {plain:.1e}"
                )


def _difference(
    device: Device, edges: Any, score: str, dtype: torch.dtype, backend: str
) -> float:
    """Return the largest relative error among the output and the gradients."""
    from skattn.ops import use_backend

    results = []
    for name, kind in ((backend, dtype), ("reference", torch.float64)):
        with use_backend(name):
            results.append(_attention(device, edges, score, kind))
    return max(
        float((a.double() - b).norm() / b.norm().clamp(min=1e-30))
        for a, b in zip(*results, strict=True)
    )


def _attention(
    device: Device, edges: Any, kind: str, dtype: torch.dtype
) -> list[Tensor]:
    """Return output and gradients of attention for the same numbers in any type."""
    from skattn.ops import Dot, Gat, GatV2, edge_attention

    _, n_heads, width = device.sizes
    rng = torch.Generator().manual_seed(1)

    def draw(*size: int) -> Tensor:
        drawn = torch.randn(size, generator=rng).bfloat16()  # exact in every type
        return drawn.to(device.torch, dtype).requires_grad_()

    n = device.n_nodes
    shape = (n, n_heads) if kind == "gat" else (n, n_heads, width)
    query, key, value = draw(*shape), draw(*shape), draw(n, n_heads, width)
    offset, attention = draw(n_heads, width), draw(n_heads, width)
    slope = draw(n, n_heads, width).detach()
    score: Any = Dot(query, key)
    leaves = [query, key, offset, value]
    if kind == "gat":
        score = Gat(query, key)
    elif kind == "gatv2":  # with one tensor for key and value, as in layers
        score, value = GatV2(query, key, attention), key
        leaves = [query, key, offset, attention]
    out = edge_attention(edges, score, value, offset=offset)
    return [out.detach(), *torch.autograd.grad(out, leaves, slope)]


def layer(device: Device) -> None:
    """Print times and memory of a layer forward and backward, beside PyG's."""
    adjacency = heavy_tailed_graph(device.n_nodes)
    edges = _edges(device, adjacency)
    for score in SCORES:
        name = f"layer {score}"
        ours = None
        with section(name):
            _print_limit(device, score, adjacency.nnz)
            ours = device.time(_ours(device, edges, score))
            line(f"{name} float32: {ours}")
        with section(f"{name} bfloat16"):
            half = device.time(_ours(device, edges, score, dtype=torch.bfloat16))
            ratio = "" if ours is None else f"; {ours.ms / half.ms:.2f} x float32"
            line(f"{name} bfloat16: {half}{ratio}")
        with section(f"{name} dropout"):
            dropped = device.time(_ours(device, edges, score, dropout=0.5))
            line(f"{name} dropout: {dropped}")
        with section(f"{name} repeat"):
            line(f"{name} repeats bit for bit: {_repeats(_ours(device, edges, score))}")
        with section(f"{name} kernels"):
            _print_kernels(device, f"{name} kernel", _ours(device, edges, score))
        with section(f"{name} PyG"):
            theirs = device.time(_pyg(device, adjacency, score), _N_SLOW)
            line(f"{name} PyG float32: {theirs}")
            if ours is not None and device.is_cuda:
                line(
                    f"{name} beside PyG: {theirs.ms / ours.ms:.1f} times faster, "
                    f"1/{theirs.peak / ours.peak:.1f} of the memory"
                )


def _repeats(step: Step) -> bool:
    first = [x.clone() for x in step()]
    return all(a.equal(b) for a, b in zip(first, step(), strict=True))


def _print_limit(device: Device, score: str, n_edges: int) -> None:
    """Print the time of the bytes moved, without reuse, at the rate of a copy."""
    _, n_heads, width = device.sizes
    gathered, moved = _ROWS[score]
    row = 4 * n_heads * width
    total = n_edges * (gathered * row + _EDGE_BYTES) + device.n_nodes * moved * row
    ms = total / _SLOWEST_COPY / 1e9
    line(f"layer {score} bytes: {total / 1e9:.1f} GB, {ms:.2f} ms at 3.0 TB/s")


def _print_kernels(device: Device, name: str, step: Step) -> None:
    """Print the milliseconds of each kernel in a step."""
    from torch.profiler import ProfilerActivity, profile

    if not device.is_cuda:
        return
    step()
    n_steps = 3
    with profile(activities=[ProfilerActivity.CUDA]) as found:
        for _ in range(n_steps):
            step()
        device.wait()
    times = {e.key: e.self_device_time_total / n_steps for e in found.key_averages()}
    for key in sorted(times, key=lambda key: -times[key])[:9]:
        line(f"{name}: {times[key] / 1e3:.3f} ms {key[:70]}")


def tune(device: Device) -> None:
    """Print times of a layer with other sizes of programs, one direction at a time."""
    from skattn.ops._triton._tiles import TILES, Tile

    edges = _edges(device, heavy_tailed_graph(device.n_nodes))
    start = dict(TILES)
    others = [Tile(1, 512), Tile(1, 2048), Tile(2, 2048)]
    for score in ("gatv2", "gat", "dot"):
        for dtype in (torch.float32, torch.bfloat16)[: 2 if score == "gatv2" else 1]:
            step = _ours(device, edges, score, dtype=dtype)
            name = f"tune {score} {str(dtype).removeprefix('torch.')}"
            with section(name):
                line(f"{name} as it is: {device.time(step, 8).ms:.2f} ms")
            for direction in ("forward", "by_sender", "by_receiver"):
                for tile in others if dtype == torch.float32 else others[:2]:
                    with section(name):
                        TILES[direction] = tile
                        ms = device.time(step, 8).ms
                        line(f"{name} {direction} {tile}: {ms:.2f} ms")
                    TILES[direction] = start[direction]
