"""One attention layer, forward and backward, beside PyG's layer of the same score.

    python -m benchmarks.layer --pairs 3

169 thousand nodes, 2.5 million edges with heavy-tailed degrees, 128 inputs, 4 heads of
64. PyG needs about 15 GB of memory and 20 s a step. Memory is the peak beyond what is
in use once the inputs (graph, features, parameters) are made.
"""

# ruff: noqa: PLC0415  (a side loads only its own library: memory is compared)

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable

import scipy.sparse as sp
import torch
from torch import Tensor, nn

from benchmarks._measure import Worker, compare, heavy_tailed_graph, serve, spread

_PYG = {"gat": "GATConv", "gatv2": "GATv2Conv", "dot": "TransformerConv"}
_IN, _HEADS, _WIDTH = 128, 4, 64


def _ours(
    score: str, adjacency: sp.csr_array
) -> tuple[nn.Module, Callable[..., Tensor]]:
    from skattn.nn import GraphAttention
    from skattn.ops import Edges

    n_nodes = adjacency.shape[0]
    edges = Edges.from_csr(adjacency.indptr, adjacency.indices, n_nodes)
    layer = GraphAttention(_IN, _WIDTH, n_heads=_HEADS, score=score)
    return layer, lambda x: layer(x, edges)


def _pyg(
    score: str, adjacency: sp.csr_array
) -> tuple[nn.Module, Callable[..., Tensor]]:
    from torch_geometric import nn as pyg

    receivers, senders = (torch.from_numpy(i).long() for i in adjacency.tocoo().coords)
    edge_index = torch.stack([senders, receivers])  # messages flow source -> target
    only = {"root_weight": False} if score == "dot" else {"add_self_loops": False}
    layer = getattr(pyg, _PYG[score])(_IN, _WIDTH, heads=_HEADS, **only)
    return layer, lambda x: layer(x, edge_index)


def _work(side: str, score: str, n_nodes: int, n_threads: int) -> None:
    torch.set_num_threads(n_threads)
    torch.manual_seed(0)
    layer, forward = {"ours": _ours, "pyg": _pyg}[side](
        score, heavy_tailed_graph(n_nodes)
    )
    x = torch.randn(n_nodes, _IN)
    gc.collect()

    def step() -> None:
        layer.zero_grad()
        forward(x).square().mean().backward()

    serve(step)


def _row(score: str, options: argparse.Namespace) -> str:
    rest = (score, "--n-nodes", str(options.n_nodes), "--threads", str(options.threads))
    workers = [
        Worker("benchmarks.layer", "--side", side, "--scores", *rest)
        for side in ("ours", "pyg")
    ]
    ours, pyg = compare(*workers, options.pairs)
    ratios = [theirs / mine for mine, theirs in zip(ours, pyg, strict=True)]
    for worker in workers:
        worker.close()
    peaks = [worker.peak for worker in workers]
    return (
        f"| {score} / `{_PYG[score]}` | {spread(ours, 2)} | {spread(pyg)} "
        f"| {spread(ratios)} | {peaks[0]:.0f} / {peaks[1]:.0f} "
        f"| {peaks[1] / peaks[0]:.1f} |"
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=3, help="steps of each, in turn")
    parser.add_argument("--scores", nargs="+", default=list(_PYG), choices=list(_PYG))
    parser.add_argument("--n-nodes", type=int, default=169_000)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--side", choices=["ours", "pyg"], help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Print the table, or serve as one side of it."""
    options = _parse()
    if options.side:
        _work(options.side, options.scores[0], options.n_nodes, options.threads)
        return
    print(
        "| score / PyG's layer | ours, s | PyG, s | times faster | peak, MB | ratio |"
    )
    print("|---|---|---|---|---|---|")
    for score in options.scores:
        print(_row(score, options), flush=True)


if __name__ == "__main__":
    main()
