"""Memory bandwidth and parallel speedup of the kernels of one layer.

    python -m benchmarks.layer_limits --pairs 5

The layer is that of ``benchmarks.layer``. "2 threads" is the speedup of forward and
backward by a second thread. "bytes / copy" is the bandwidth of the kernels relative to
that of a copy. It counts the bytes that forward and backward must move: each gathered
row once per pass over the edges (the graph is larger than any cache), each row of a
node once per read and write.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import scipy.sparse as sp
import torch

from benchmarks._measure import Worker, compare, heavy_tailed_graph, spread
from skattn.ops import Dot, Edges, Gat, GatV2, edge_attention

_HEADS, _WIDTH = 4, 64
_ROWS = {"gat": (2, 5), "gatv2": (4, 8), "dot": (5, 10)}
"""Number of rows gathered per edge, and moved per node. "gat" gathers values, then
gradients; "gatv2" keys, then queries and gradients, then keys; "dot" keys and values,
then queries and gradients, then keys."""


def _seconds(step: Callable[[], object], n: int) -> list[float]:
    step()
    found = []
    for _ in range(n):
        start = time.perf_counter()
        step()
        found.append(time.perf_counter() - start)
    return found


def _bandwidth(n: int) -> float:
    """Measure the bandwidth of a copy, in bytes read and written per second."""
    one = torch.ones(1 << 26)  # 256 MB
    other = torch.empty_like(one)
    seconds = _seconds(lambda: other.copy_(one), n)
    return 2 * one.nbytes / statistics.median(seconds)


def _kernels(score: str, adjacency: sp.csr_array) -> Callable[[], None]:
    n = adjacency.shape[0]
    edges = Edges.from_csr(adjacency.indptr, adjacency.indices, n)

    def new(*shape: int) -> torch.Tensor:
        return torch.randn(shape, requires_grad=True)

    query, key, value = (new(n, _HEADS, _WIDTH) for _ in range(3))
    made: Gat | GatV2 | Dot = Dot(query, key)
    if score == "gat":
        made = Gat(new(n, _HEADS), new(n, _HEADS))
    elif score == "gatv2":
        made = GatV2(query, value, new(_HEADS, _WIDTH))
    inputs = {id(x): x for x in (*made.tensors, value)}.values()
    dout = torch.randn(n, _HEADS, _WIDTH)

    def step() -> None:
        torch.autograd.grad(edge_attention(edges, made, value), list(inputs), dout)

    return step


def _bytes(score: str, adjacency: sp.csr_array) -> int:
    per_edge, per_node = _ROWS[score]
    row = 4 * _HEADS * _WIDTH
    indices, scores = 3 * 8, 2 * 4 * _HEADS  # node and edge numbers; dscore
    return int(
        adjacency.nnz * (per_edge * row + indices + scores)
        + adjacency.shape[0] * per_node * row
    )


def _threads(score: str, options: argparse.Namespace) -> list[float]:
    rest = ("--scores", score, "--n-nodes", str(options.n_nodes))
    workers = [
        Worker("benchmarks.layer", "--side", "ours", *rest, "--threads", str(threads))
        for threads in (2, 1)
    ]
    _, _, ratios = compare(*workers, options.pairs)
    return ratios


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--scores", nargs="+", default=list(_ROWS), choices=list(_ROWS))
    parser.add_argument("--n-nodes", type=int, default=169_000)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    bandwidth = _bandwidth(options.pairs)
    adjacency = heavy_tailed_graph(options.n_nodes)
    print(f"copy: {bandwidth / 1e9:.1f} GB/s, {options.threads} threads\n")
    print("| score | kernels, s | GB to move | bytes / copy | 2 threads |")
    print("|---|---|---|---|---|")
    for score in options.scores:
        size = _bytes(score, adjacency)
        kernels = _seconds(_kernels(score, adjacency), options.pairs)
        shares = [size / (bandwidth * s) for s in kernels]
        print(
            f"| {score} | {spread(kernels, 2)} | {size / 1e9:.1f} "
            f"| {spread(shares, 2)} | {spread(_threads(score, options), 2)} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
