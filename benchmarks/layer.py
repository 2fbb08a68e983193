"""Time and memory of an attention layer, compared with PyG or DGL.

    python -m benchmarks.layer --pairs 3
    python -m benchmarks.layer --pairs 5 --dgl-python PATH

DGL 2.1 needs torch 2.2 and therefore an environment of its own; PATH is its interpreter
(``pip install dgl==2.1.0 torch==2.2.1 torchdata==0.7.1 "numpy<2" "pandas<3" scipy
pyyaml pydantic``).

169 thousand nodes, 2.5 million edges with heavy-tailed degrees, 128 inputs, 4 heads of
64. PyG needs about 15 GB of memory and 20 s per step. Memory is the peak in addition to
the inputs (graph, features, parameters, gradient of the output).
"""

# ruff: noqa: PLC0415  (a side loads only its own library: memory is compared)

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable
from typing import Any

import scipy.sparse as sp
import torch
from torch import Tensor, nn

from benchmarks._measure import Worker, compare, heavy_tailed_graph, serve, spread

_LAYERS = {
    "pyg": {"gat": "GATConv", "gatv2": "GATv2Conv", "dot": "TransformerConv"},
    # DotGatConv has one projection, like ours with shared weights
    "dgl": {
        "gat": "GATConv",
        "gatv2": "GATv2Conv",
        "shared dot": "DotGatConv",
        "dot": "DotGatConv",
    },
    "dgl.ops": {"dot": "three projections over dgl.ops"},
}
_IN, _HEADS, _WIDTH = 128, 4, 64


def _ours(
    score: str, adjacency: sp.csr_array
) -> tuple[nn.Module, Callable[..., Tensor]]:
    from skattn.nn import GraphAttention
    from skattn.ops import Edges

    n_nodes = adjacency.shape[0]
    edges = Edges.from_csr(adjacency.indptr, adjacency.indices, n_nodes)
    layer = GraphAttention(
        _IN,
        _WIDTH,
        n_heads=_HEADS,
        score=score.removeprefix("shared "),
        share_weights=score.startswith("shared "),
    )
    return layer, lambda x: layer(x, edges)


def _pyg(
    score: str, adjacency: sp.csr_array
) -> tuple[nn.Module, Callable[..., Tensor]]:
    from torch_geometric import nn as pyg

    receivers, senders = (torch.from_numpy(i).long() for i in adjacency.tocoo().coords)
    edge_index = torch.stack([senders, receivers])  # messages flow source -> target
    only = {"root_weight": False} if score == "dot" else {"add_self_loops": False}
    layer = getattr(pyg, _LAYERS["pyg"][score])(_IN, _WIDTH, heads=_HEADS, **only)
    return layer, lambda x: layer(x, edge_index)


def _dgl_graph(adjacency: sp.csr_array) -> Any:
    import dgl

    receivers, senders = (torch.from_numpy(i).long() for i in adjacency.tocoo().coords)
    graph = dgl.graph((senders, receivers), num_nodes=adjacency.shape[0])
    graph.create_formats_()
    return graph


def _dgl(
    score: str, adjacency: sp.csr_array
) -> tuple[nn.Module, Callable[..., Tensor]]:
    from dgl.nn import pytorch as layers

    graph = _dgl_graph(adjacency)
    layer = getattr(layers, _LAYERS["dgl"][score])(_IN, _WIDTH, num_heads=_HEADS)
    return layer, lambda x: layer(graph, x)


def _dgl_ops(
    _score: str, adjacency: sp.csr_array
) -> tuple[nn.Module, Callable[..., Tensor]]:
    """Make a "dot" layer from the operations of ``dgl.ops``."""
    import dgl

    graph = _dgl_graph(adjacency)
    maps = nn.ModuleList(nn.Linear(_IN, _HEADS * _WIDTH, bias=False) for _ in range(3))

    def forward(x: Tensor) -> Tensor:
        query, key, value = (each(x).view(-1, _HEADS, _WIDTH) for each in maps)
        scores = dgl.ops.u_dot_v(graph, key, query) / _WIDTH**0.5
        weights = dgl.ops.edge_softmax(graph, scores)
        out: Tensor = dgl.ops.u_mul_e_sum(graph, value, weights)
        return out

    return maps, forward


_SIDES = {"ours": _ours, "pyg": _pyg, "dgl": _dgl, "dgl.ops": _dgl_ops}


def _work(side: str, score: str, n_nodes: int, n_threads: int) -> None:
    torch.set_num_threads(n_threads)
    torch.manual_seed(0)
    layer, forward = _SIDES[side](score, heavy_tailed_graph(n_nodes))
    x = torch.randn(n_nodes, _IN)
    slope = torch.randn(
        n_nodes, _HEADS * _WIDTH
    )  # gradient of a loss outside the layer
    gc.collect()

    def step() -> None:
        layer.zero_grad()
        out = forward(x)
        out.backward(slope.view_as(out))

    serve(step)


def _row(score: str, theirs: str, options: argparse.Namespace) -> str:
    python = options.dgl_python or sys.executable
    rest = (score, "--n-nodes", str(options.n_nodes), "--threads", str(options.threads))
    workers = [
        Worker("benchmarks.layer", "--side", side, "--scores", *rest, python=path)
        for side, path in (("ours", sys.executable), (theirs, python))
    ]
    *times, ratios = compare(*workers, options.pairs)
    peaks = [worker.peak for worker in workers]
    return (
        f"| {score} / `{_LAYERS[theirs][score]}` | {spread(times[0], 2)} "
        f"| {spread(times[1])} | {spread(ratios)} | {peaks[0]:.0f} / {peaks[1]:.0f} "
        f"| {peaks[1] / peaks[0]:.1f} |"
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--pairs", type=int, default=3, help="number of alternating steps"
    )
    scores = list(_LAYERS["dgl"])
    parser.add_argument("--scores", nargs="+", default=scores, choices=scores)
    parser.add_argument("--n-nodes", type=int, default=169_000)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument(
        "--dgl-python",
        metavar="PATH",
        help="interpreter of an environment with DGL, to compare with",
    )
    parser.add_argument("--side", choices=list(_SIDES), help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Print the table, or run as a worker (``--side``)."""
    options = _parse()
    if options.side:
        _work(options.side, options.scores[0], options.n_nodes, options.threads)
        return
    other = "DGL" if options.dgl_python else "PyG"
    print(
        f"| score / {other}'s layer | ours, s | {other}, s | times faster "
        "| peak, MB | ratio |"
    )
    print("|---|---|---|---|---|---|")
    sides = ["dgl", "dgl.ops"] if options.dgl_python else ["pyg"]
    for score in options.scores:
        for side in sides:
            if score in _LAYERS[side]:
                print(_row(score, side, options), flush=True)


if __name__ == "__main__":
    main()
