"""Time and memory of a training step from 1 to 100 million edges.

    python -m benchmarks.growth                      # 1, 10, 100 million; 4 minutes
    python -m benchmarks.growth --edges 400 --graphs near --steps 1     # 20 GiB
    python -m benchmarks.growth --edges 1 5 10 100 --graphs near --pyg  # PyG's layers

Two layers with one head of 32, 32 features, 10 classes, Adam. Each node attends to 50:

- ``near``: itself and one node in each of 49 windows of 20 nodes around it;
- ``shuffled``: the same graph with randomly numbered nodes;
- ``ordered``: the shuffled graph, reordered by `skattn.graph.local_order`;
- ``scattered``: itself and one node in each of 49 fiftieths of all nodes, so that no
  order brings neighbours together.

Each line is measured in a process of its own. The peak is the memory of the whole
process during training; bytes per edge exclude libraries and compiled code. PyG is
skipped if it would need more than 20 GiB, extrapolated from the line before.
"""

# ruff: noqa: PLC0415  (a side loads only its own library: memory is compared)

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn

from benchmarks._measure import memory, reset_peak, spread

_DEGREE, _WIDTH, _CLASSES = 50, 32, 10
_GRAPHS = ("near", "shuffled", "ordered", "scattered")
_ROWS = 1 << 15
"""Number of nodes whose edges are drawn at a time, to save memory."""
_SECONDS = 2.0
"""Minimum duration of the measured steps together."""
_LIMIT = 20 * 2**30
_ADDRESSES = _LIMIT + 3 * 2**30
"""Limit of a worker's address space, so that it fails before the machine does."""


def make_graph(kind: str, n_edges: int) -> sp.csr_array:
    """Make a graph without copies; all weights are one number in memory."""
    n_nodes = n_edges // _DEGREE
    rng = np.random.default_rng(0)
    draw = _scattered if kind == "scattered" else _near
    names = np.arange(n_nodes, dtype=np.int32)
    if kind in ("shuffled", "ordered"):
        rng.shuffle(names)
    senders = np.empty((n_nodes, _DEGREE), np.int32)
    for low in range(0, n_nodes, _ROWS):
        nodes = np.arange(low, min(low + _ROWS, n_nodes), dtype=np.int32)
        found = names[draw(nodes, n_nodes, rng)]
        found.sort(axis=1)
        senders[names[nodes]] = found
    indptr = np.arange(0, senders.size + 1, _DEGREE, dtype=np.int32)
    weights = np.broadcast_to(np.float32(1), senders.size)
    return sp.csr_array((weights, senders.reshape(-1), indptr), (n_nodes, n_nodes))


def _near(nodes: np.ndarray, n_nodes: int, rng: np.random.Generator) -> np.ndarray:
    offsets = np.arange(-500, 500, 20, dtype=np.int32)
    senders = rng.integers(0, 20, (len(nodes), _DEGREE), np.int32) + offsets
    senders[:, _DEGREE // 2] = 0  # self-loop
    senders += nodes[:, None]
    senders %= n_nodes
    return senders


def _scattered(nodes: np.ndarray, n_nodes: int, rng: np.random.Generator) -> np.ndarray:
    part = n_nodes // _DEGREE
    senders = rng.integers(0, part, (len(nodes), _DEGREE), np.int32)
    senders += np.arange(_DEGREE, dtype=np.int32) * np.int32(part)
    own = np.minimum(nodes // part, _DEGREE - 1)
    senders[np.arange(len(nodes)), own] = nodes
    return senders


# ---- a step of each library ----------------------------------------------------------


def _ours(kind: str, score: str, adjacency: sp.csr_array, x: np.ndarray) -> Any:
    from skattn import Graph
    from skattn._batch import collate
    from skattn.nn import AttentionNetwork, BlockSpec, NetworkSpec

    batch = collate(Graph(adjacency, x), ordered=kind == "ordered")
    plain = {"residual": False, "norm": None, "dropout": 0.0, "activation": "relu"}
    block = BlockSpec(score=score, n_heads=1, **plain)
    spec = NetworkSpec(block=block, n_layers=2, hidden_dim=_WIDTH)
    network = AttentionNetwork(_WIDTH, _CLASSES, spec)
    return network, lambda: network(**batch.inputs)[batch.targets]


def _pyg(_kind: str, score: str, adjacency: sp.csr_array, x: np.ndarray) -> Any:
    from torch_geometric import nn as pyg

    layer = {"gat": pyg.GATConv, "gatv2": pyg.GATv2Conv, "dot": pyg.TransformerConv}
    receivers, senders = (torch.from_numpy(i).long() for i in adjacency.tocoo().coords)
    edge_index = torch.stack([senders, receivers])  # messages flow source -> target
    only = {"root_weight": False} if score == "dot" else {"add_self_loops": False}
    layers = [layer[score](_WIDTH, _WIDTH, **only) for _ in range(2)]
    network = nn.ModuleList([*layers, nn.Linear(_WIDTH, _CLASSES)])
    features = torch.from_numpy(x)

    def forward() -> Tensor:
        first, second, last = network
        return last(second(first(features, edge_index).relu(), edge_index).relu())

    return network, forward


def _step(
    network: nn.Module, forward: Callable[[], Tensor], y: Tensor
) -> Callable[[], None]:
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01, fused=True)

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(forward(), y).backward()
        optimizer.step()

    return step


def _work(options: argparse.Namespace) -> None:
    """Print preparation seconds, peak, peak without libraries, and seconds of steps."""
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESSES, _ADDRESSES))
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    (kind,), (millions,) = options.graphs, options.edges
    _to_batch("near", 50_000, options)[1]()  # imports, compiles
    before = memory("VmRSS")
    laid_out, step = _to_batch(kind, int(millions * 1e6), options)
    seconds = []
    with _memory(options):
        step()  # sorts the edges by sender, allocates
        reset_peak()
        while len(seconds) < options.steps or sum(seconds) < _SECONDS:
            start = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - start)
    peak = memory("VmHWM")
    print(laid_out, peak, peak - before, *seconds)


def _memory(options: argparse.Namespace) -> AbstractContextManager[None]:
    """Return the context in which ``fit`` trains."""
    if options.pyg:
        return nullcontext()
    from skattn.ops import reuse_buffers

    return reuse_buffers()


def _to_batch(
    kind: str, n_edges: int, options: argparse.Namespace
) -> tuple[float, Callable[[], None]]:
    """Return the seconds of converting a graph for a library, and a step."""
    adjacency = make_graph(kind, n_edges)
    n_nodes = adjacency.shape[0]
    x = np.random.default_rng(1).standard_normal((n_nodes, _WIDTH), np.float32)
    y = torch.randint(0, _CLASSES, (n_nodes,))
    start = time.perf_counter()
    make = _pyg if options.pyg else _ours
    network, forward = make(kind, options.score, adjacency, x)
    return time.perf_counter() - start, _step(network, forward, y)


# ---- the table -----------------------------------------------------------------------


def _measured(kind: str, millions: float, options: argparse.Namespace) -> list[float]:
    values = {"graphs": kind, "edges": millions, "score": options.score}
    values |= {"steps": options.steps, "threads": options.threads}
    command = [sys.executable, "-m", "benchmarks.growth", "--worker"]
    command += [
        text for name, value in values.items() for text in _argument(name, value)
    ]
    command += ["--pyg"] if options.pyg else []
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return list(map(float, done.stdout.split()))


def _argument(name: str, value: object) -> tuple[str, str]:
    return f"--{name}", str(value)


def _lines(kind: str, options: argparse.Namespace) -> None:
    """Print the lines of one kind of graph."""
    first = bytes_per_edge = 0.0
    for millions in options.edges:
        n_edges = millions * 1e6
        if options.pyg and bytes_per_edge * n_edges > _LIMIT:
            needed = bytes_per_edge * n_edges / 2**30
            print(f"| {kind} | {millions:g} | - | - | - | - | about {needed:.0f} | - |")
            continue
        laid_out, peak, beyond, *seconds = _measured(kind, millions, options)
        per_edge = statistics.median(seconds) / n_edges * 1e9
        first = first or per_edge
        bytes_per_edge = beyond * 2**20 / n_edges
        print(
            f"| {kind} | {millions:g} | {laid_out:.1f} | {spread(seconds, 2)} "
            f"| {per_edge:.0f} | {per_edge / first:.2f} "
            f"| {peak / 1024:.2f} | {bytes_per_edge:.0f} |",
            flush=True,
        )
    if options.pyg:
        print(f"20 GiB hold {_LIMIT / bytes_per_edge / 1e6:.0f} million edges.")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edges", nargs="+", type=float, default=[1, 10, 100])
    parser.add_argument("--graphs", nargs="+", default=list(_GRAPHS), choices=_GRAPHS)
    parser.add_argument("--score", default="gat", choices=["gat", "gatv2", "dot"])
    parser.add_argument("--steps", type=int, default=3, help="minimum number of steps")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--pyg", action="store_true", help="PyG instead of skattn")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Print the table, or measure one line (``--worker``)."""
    options = _parse()
    if options.worker:
        _work(options)
        return
    print(
        "| neighbours | million edges | preparation, s | step, s | ns per edge "
        "| relative to first | peak, GiB | bytes per edge |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for kind in options.graphs:
        _lines(kind, options)


if __name__ == "__main__":
    main()
