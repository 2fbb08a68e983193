"""Time and quality of the layout of a graph, beside networkx.

    python -m benchmarks.layout --nodes 1000 10000 100000

"communities" has communities of 50 nodes, 2.8 edges per node of which 5 % lead to other
communities; "grid" and "tree" (random) have one node per place. "own" is the share of
the five nearest points that are of a node's community. "edge length" is the mean, in
parts of the mean distance of two random nodes. "nearest" is the smallest distance of
two points, in parts of the median distance of nearest points. networkx's spring layout
is dense: up to 1000 nodes. KiB are those of the interactive page.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import networkx as nx
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmarks._measure import memory
from skattn.graph import layout
from skattn.inspection import GraphDisplay

_COMMUNITY = 50
_HEAD = (
    "graph           nodes  layout      CPU s    own  edge length  nearest  page, KiB  "
    "peak, GB"
)
_Layout = Callable[[sp.csr_array], NDArray[np.float64]]


def communities(n_nodes: int, seed: int = 0) -> sp.csr_array:
    """Make an undirected graph of communities, node after node."""
    rng = np.random.default_rng(seed)
    receivers = rng.integers(0, n_nodes, 3 * n_nodes)
    inside = rng.integers(0, _COMMUNITY, 3 * n_nodes)
    senders = receivers // _COMMUNITY * _COMMUNITY + inside
    outside = rng.random(3 * n_nodes) < 0.05
    senders[outside] = rng.integers(0, n_nodes, outside.sum())
    return _undirected(receivers, np.minimum(senders, n_nodes - 1), n_nodes)


def grid(n_nodes: int) -> sp.csr_array:
    """Make a square grid of about this many nodes."""
    side = int(np.sqrt(n_nodes))
    path = _undirected(np.arange(side - 1), np.arange(1, side), side)
    return sp.csr_array(sp.kronsum(path, path))


def tree(n_nodes: int, seed: int = 0) -> sp.csr_array:
    """Make a random recursive tree."""
    nodes = np.arange(1, n_nodes)
    parents = np.random.default_rng(seed).integers(0, nodes)
    return _undirected(nodes, parents, n_nodes)


GRAPHS = {"communities": communities, "grid": grid, "tree": tree}


def _undirected(
    receivers: NDArray[np.integer], senders: NDArray[np.integer], n_nodes: int
) -> sp.csr_array:
    apart = receivers != senders
    ends = receivers[apart], senders[apart]
    one_way = sp.coo_array((np.ones(apart.sum()), ends), (n_nodes, n_nodes))
    return sp.csr_array(((one_way + one_way.T) > 0).astype(np.float64))


def _networkx(name: str) -> _Layout:
    def place(adjacency: sp.csr_array) -> NDArray[np.float64]:
        graph = nx.from_scipy_sparse_array(adjacency)
        return np.array(list(getattr(nx, name)(graph, seed=0).values()))

    return place


def _row(kind: str, n_nodes: int, name: str, place: _Layout) -> str:
    adjacency = GRAPHS[kind](n_nodes)
    start = time.process_time()
    places = place(adjacency)
    seconds = time.process_time() - start
    gaps, nearest = cKDTree(places).query(places, 6)
    groups = np.arange(len(places)) // _COMMUNITY
    own = np.mean(groups[nearest[:, 1:]] == groups[:, None])
    edges = adjacency.tocoo()
    ends = np.random.default_rng(0).integers(0, len(places), (2, edges.nnz))
    length = np.linalg.norm(places[edges.row] - places[edges.col], axis=1).mean()
    random = np.linalg.norm(places[ends[0]] - places[ends[1]], axis=1).mean()
    page = GraphDisplay.from_graph(adjacency, positions=places).to_html()
    return (
        f"{kind:12}{len(places):9}  {name:11}{seconds:6.2f}"
        f"{own if kind == 'communities' else np.nan:7.3f}{length / random:13.3f}"
        f"{gaps[:, 1].min() / np.median(gaps[:, 1]):9.3f}{len(page) / 1024:11.0f}"
        f"{memory('VmHWM') / 1024:10.1f}"
    )


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", nargs="+", type=int, default=[1000, 10_000])
    parser.add_argument("--graphs", nargs="+", default=[*GRAPHS], choices=[*GRAPHS])
    parser.add_argument("--networkx", action="store_true", help="up to 1000 nodes")
    given = parser.parse_args()
    print(_HEAD)
    for n_nodes in given.nodes:
        for kind in given.graphs:
            print(_row(kind, n_nodes, "skattn", layout), flush=True)
            if given.networkx and n_nodes <= 1000:
                for name in ["spring_layout", "forceatlas2_layout"]:
                    row = _row(kind, n_nodes, name.split("_")[0], _networkx(name))
                    print(row, flush=True)


if __name__ == "__main__":
    _main()
