"""Attention over typed edges: time and memory of a layer, and accuracy of the types.

    python -m benchmarks.typed layers --pairs 3 --threads 1
    python -m benchmarks.typed vectors --pairs 9
    python -m benchmarks.typed accuracy --seeds 0 1 2

`layers`: one layer forward and backward, 64 inputs, 4 heads of 16, 8 edge types: a
matrix per type beside PyG's ``HGTConv`` (10 thousand nodes, 100 thousand edges, both
with an output map), and beside ``GATv2Conv`` with the types as one-hot ``edge_attr``
and our layer without types (100 thousand nodes, a million edges). Memory is the peak
in addition to the inputs.

`vectors`: a layer with a vector for each of 100, 1000 and 3000 types beside the layer
without types, on the same graph of 100 thousand nodes and a million edges: CPU seconds.

`accuracy`: a node's class is the sign of the sum of a number over its senders of one
type, among 3, 30 or 100 types; free matrices, bases, a vector per type, types as
one-hot edge features, and no types. 20 edges of a node on average, 600 of 1000 nodes
labelled.
"""

# ruff: noqa: PLC0415  (a side loads only its own library: memory is compared)

from __future__ import annotations

import argparse
import gc
import statistics
import time
import warnings

import numpy as np
import scipy.sparse as sp
import torch
from torch import nn

from benchmarks._measure import Worker, compare, serve, spread

_IN, _HEADS, _WIDTH, _TYPES = 64, 4, 16, 8
_SMALL, _LARGE = (10_000, 100_000), (100_000, 1_000_000)
_SIZES = {"hgt": _SMALL, "gatv2": _LARGE, "gat": _LARGE, "dot": _LARGE}
_ROWS = [
    ("hgt", "ours", "HGTConv"),
    ("gatv2", "ours", "GATv2Conv, one-hot types"),
    ("gatv2", "ours", "ours, without types"),
    ("gatv2", "ours", "ours, one-hot edge features"),
]
_N_TYPES = [3, 30, 100]
_METHODS = [
    "matrix",
    "30 bases",
    "8 bases",
    "vector",
    "one-hot edge features",
    "no types",
]
_VECTORS = [("gatv2", 100), ("gatv2", 1000), ("gatv2", 3000), ("gat", 1000)]
_VECTORS += [("dot", 1000)]


def typed_graph(n_nodes, n_edges, n_types=_TYPES, seed=0):
    """Make receivers, senders and types of edges; few senders and types send most."""
    rng = np.random.default_rng(seed)
    popular = (rng.pareto(1.5, n_edges) * n_nodes / 20).astype(np.int64)
    senders = rng.permutation(n_nodes)[np.minimum(popular, n_nodes - 1)]
    receivers = np.sort(rng.integers(0, n_nodes, n_edges))
    share = 1 / np.arange(2, n_types + 2)
    return receivers, senders, rng.choice(n_types, n_edges, p=share / share.sum())


def _ours(score, side, n_nodes, edges):
    from skattn.nn import GraphAttention, TypedAttention, TypeVectorAttention
    from skattn.ops import EdgeData, Edges, GraphStructure

    receivers, senders, types = edges
    indptr = np.searchsorted(receivers, np.arange(n_nodes + 1))
    edges = Edges.from_csr(indptr, senders, n_nodes)
    options = {"n_heads": _HEADS, "score": "dot" if score == "hgt" else score}
    data = EdgeData(types=torch.from_numpy(types.astype(np.int32)))
    if side == "ours, one-hot edge features":
        layer = GraphAttention(_IN, _WIDTH, n_edge_features=_TYPES, **options)
        data = EdgeData(features=torch.eye(_TYPES)[types])
    elif side == "ours":
        layer = TypedAttention(_IN, _WIDTH, n_edge_types=_TYPES, **options)
    elif side == "ours, vectors":
        n_types = int(types.max()) + 1
        layer = TypeVectorAttention(_IN, _WIDTH, n_edge_types=n_types, **options)
    else:
        layer, data = GraphAttention(_IN, _WIDTH, **options), EdgeData()
    structure = GraphStructure(edges, data)
    if score != "hgt":
        return layer, lambda x: layer(x, structure)
    both = nn.ModuleList([layer, nn.Linear(_HEADS * _WIDTH, _IN)])
    return both, lambda x: both[1](nn.functional.gelu(layer(x, structure)))


def _pyg(score, receivers, senders, types):
    from torch_geometric import nn as pyg

    ends = torch.from_numpy(np.stack([senders, receivers]))
    if score == "gatv2":
        shape = {"heads": _HEADS, "edge_dim": _TYPES, "add_self_loops": False}
        layer = pyg.GATv2Conv(_IN, _WIDTH, **shape)
        attributes = torch.eye(_TYPES)[types]
        return layer, lambda x: layer(x, ends, attributes)
    stores = [("node", f"r{k}", "node") for k in range(_TYPES)]
    layer = pyg.HGTConv(_IN, _HEADS * _WIDTH, (["node"], stores), heads=_HEADS)
    edge_index = {store: ends[:, types == k] for k, store in enumerate(stores)}
    return layer, lambda x: layer({"node": x}, edge_index)["node"]


def _step(options, n_nodes, n_edges):
    """Make the function of one step, with its inputs."""
    edges = typed_graph(n_nodes, n_edges, options.n_types)
    if options.side.startswith("ours"):
        layer, forward = _ours(options.score, options.side, n_nodes, edges)
    else:
        layer, forward = _pyg(options.score, *edges)
    x, slope = torch.randn(n_nodes, _IN), torch.randn(n_nodes, _HEADS * _WIDTH)
    gc.collect()

    def step():
        layer.zero_grad()
        out = forward(x.requires_grad_())
        out.backward(slope.view_as(out))

    return step


def _work(options):
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    _step(options, 100, 1000)()  # libraries and compiled code are not counted
    clock = time.perf_counter
    if options.section == "vectors":
        clock = time.process_time
    serve(_step(options, *_SIZES[options.score]), clock=clock)


def _workers(options, score, sides, n_types=_TYPES):
    return [
        Worker(
            "benchmarks.typed",
            *(options.section, "--side", side, "--score", score),
            *("--threads", str(options.threads), "--n-types", str(n_types)),
        )
        for side in sides
    ]


def _layers(options):
    print("| ours / other | ours, s | other, s | times faster | peak, MB | ratio |")
    print("|---|---|---|---|---|---|")
    for score, ours, theirs in _ROWS:
        workers = _workers(options, score, (ours, theirs))
        *times, ratios = compare(*workers, options.pairs)
        peaks = [worker.peak for worker in workers]
        print(
            f"| {score} / {theirs} | {spread(times[0], 3)} | {spread(times[1], 3)} | "
            f"{spread(ratios)} | {peaks[0]:.0f} / {peaks[1]:.0f} | "
            f"{peaks[1] / peaks[0]:.1f} |",
            flush=True,
        )


def _vectors(options):
    print(
        "| score | types | vectors, CPU s | without types, CPU s | ratio | peak, MB |"
    )
    print("|---|---|---|---|---|---|")
    for score, n_types in _VECTORS:
        sides = ("ours, without types", "ours, vectors")
        workers = _workers(options, score, sides, n_types)
        untyped, typed, ratios = compare(*workers, options.pairs)
        peaks = [worker.peak for worker in workers]
        print(
            f"| {score} | {n_types} | {spread(typed, 3)} | {spread(untyped, 3)} | "
            f"{spread(ratios, 2)} | {peaks[1]:.0f} / {peaks[0]:.0f} |",
            flush=True,
        )


def planted(n_types, seed, n_nodes=1000, n_edges=20_000):
    """Make a graph in which the senders of a third of the types decide the class."""
    from skattn import Graph

    rng = np.random.default_rng(seed)
    ends = np.unique(rng.integers(0, n_nodes, (n_edges, 2)), axis=0)
    types = rng.integers(0, n_types, len(ends))
    X = rng.normal(size=(n_nodes, 8)).astype(np.float32)
    counted = ends[types < max(n_types // 3, 1)]
    total = np.zeros(n_nodes)
    np.add.at(total, counted[:, 0], X[counted[:, 1], 0])
    adjacency = sp.coo_array((np.ones(len(ends)), ends.T), (n_nodes, n_nodes))
    return Graph(adjacency, X, edge_types=types), (total > 0).astype(int)


def _score(method, graph, y, seed):
    from skattn import EncoderConfig, Graph, GraphAttentionClassifier

    encoder = None
    if method == "one-hot edge features":
        features = np.eye(graph.n_edge_types)[graph._types.edges.codes]
        graph = Graph(graph.adjacency, graph.X, edge_features=features)
    elif method == "no types":
        graph = graph.with_types()
    else:
        bases = method.split()[0]
        n_bases = int(bases) if bases.isdigit() else None
        typing = "vector" if method == "vector" else "matrix"
        encoder = EncoderConfig(typing=typing, n_bases=n_bases)
    clf = GraphAttentionClassifier(encoder=encoder, random_state=seed, max_epochs=100)
    train = np.random.default_rng(100 + seed).permutation(graph.n_nodes) < 600
    start = time.process_time()
    clf.fit(graph[train], y[train])
    seconds = time.process_time() - start
    return clf.score(graph[~train], y[~train]), seconds


def _accuracy(options):
    warnings.simplefilter("ignore")
    torch.set_num_threads(options.threads)
    print("| types | method | accuracy, %, mean (deviation) | fit, CPU s |")
    print("|---|---|---|---|")
    for n_types in options.types:
        for method in options.methods:
            found = [
                _score(method, *planted(n_types, seed), seed) for seed in options.seeds
            ]
            scores, seconds = zip(*found, strict=True)
            print(
                f"| {n_types} | {method} | {100 * statistics.mean(scores):.1f} "
                f"({100 * np.std(scores):.1f}) | {statistics.mean(seconds):.1f} |",
                flush=True,
            )


def main():
    """Print a table, or run as a worker (``--side``)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("section", choices=["layers", "vectors", "accuracy"])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--types", type=int, nargs="+", default=_N_TYPES)
    parser.add_argument("--methods", nargs="+", default=_METHODS, choices=_METHODS)
    parser.add_argument("--n-types", type=int, default=_TYPES, help=argparse.SUPPRESS)
    parser.add_argument("--side", help=argparse.SUPPRESS)
    parser.add_argument("--score", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        _work(options)
    elif options.section == "layers":
        _layers(options)
    elif options.section == "vectors":
        _vectors(options)
    else:
        _accuracy(options)


if __name__ == "__main__":
    main()
