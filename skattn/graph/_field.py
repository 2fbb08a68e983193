"""Receptive fields: the part of a graph that the outputs of some targets depend on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._adjacency import has_weights, index_dtype
from skattn.graph._graph import Graph
from skattn.graph._ragged_range import ragged_range
from skattn.graph._self_loops import MissingLoops
from skattn.graph._types import NO_TYPES

WHOLE_BELOW = 1 << 14
"""Nodes and edges of a graph below which the whole is evaluated: a few milliseconds."""
LARGEST_WORK = 0.8
"""Share of the whole graph's work in layers above which cutting a field costs more."""

Nodes = NDArray[np.int64]
Keep = Callable[[NDArray[Any]], NDArray[np.bool_]]


def is_small(size: float) -> bool:
    """Return whether a graph of so many nodes and edges is always evaluated whole."""
    return size < WHOLE_BELOW


@dataclass(frozen=True)
class Extent:
    """Hops of the layers of a network, which bound a receptive field."""

    hops: tuple[int, ...]
    """Hops of each layer, 0 for a layer without message passing."""
    uses_degrees: bool = False
    """Whether a layer needs the degrees of the senders."""
    sums_weights: bool = False
    """Whether a layer sums over senders by their weights, not by shares of them."""

    @property
    def distances(self) -> Nodes:
        """Hops that 0, 1, 2, ... layers reach, the last layers first."""
        return np.cumsum([0, *reversed(self.hops)])

    @property
    def radius(self) -> int:
        """Hops within which an edge or a node has a part in an output."""
        return int(self.distances[-1]) + self.uses_degrees

    @property
    def receivers(self) -> Nodes:
        """Distance of the farthest receivers of each layer with message passing."""
        return self.distances[:-1][np.array(self.hops[::-1]) > 0]


class Senders(NamedTuple):
    """Edges of some receivers."""

    counts: Nodes
    """(n_receivers,) number of edges of each."""
    nodes: NDArray[Any]
    """(n_edges,) sender of each edge."""
    entries: Nodes
    """(n_edges,) position of each edge in the whole graph."""


class Neighbourhoods(Protocol):
    """Senders of every node of a graph."""

    @property
    def n_nodes(self) -> int:
        """Number of nodes of the graph."""

    @property
    def size(self) -> float:
        """Number of nodes and edges, infinite if the whole is never evaluated."""

    @property
    def is_weighted(self) -> bool:
        """Whether a weight differs from 1."""

    def count(self, receivers: Nodes) -> int:
        """Return an upper bound of the edges of some receivers, without reading."""

    def of(self, receivers: Nodes) -> Senders:
        """Return the edges of some receivers."""

    def weights(self, entries: Nodes) -> NDArray[np.float32]:
        """Return the weights of some edges."""


@dataclass(frozen=True, eq=False)
class AdjacencyRows:
    """Senders of every node, read from an adjacency."""

    adjacency: sparse.csr_array
    """Rows are receivers."""
    keep: Keep | None = None
    """Mask of the senders that belong to an induced subgraph; None for all."""

    @property
    def n_nodes(self) -> int:
        """Number of nodes of the graph."""
        return int(self.adjacency.shape[0])

    @property
    def size(self) -> int:
        """Number of nodes and edges."""
        return self.n_nodes + int(self.adjacency.nnz)

    @property
    def is_weighted(self) -> bool:
        """Whether a weight differs from 1."""
        return has_weights(self.adjacency)

    def count(self, receivers: Nodes) -> int:
        """Return an upper bound of the edges of some receivers, without reading."""
        indptr = self.adjacency.indptr
        return int((indptr[receivers + 1] - indptr[receivers]).sum(dtype=np.int64))

    def of(self, receivers: Nodes) -> Senders:
        """Return the edges of some receivers."""
        starts = self.adjacency.indptr[receivers].astype(np.int64)
        counts = self.adjacency.indptr[receivers + 1] - starts
        entries = ragged_range(starts, counts)
        nodes = self.adjacency.indices[entries]
        if self.keep is None:
            return Senders(counts, nodes, entries)
        kept = self.keep(nodes)
        owner = np.repeat(np.arange(len(receivers)), counts)[kept]
        counts = np.bincount(owner, minlength=len(receivers))
        return Senders(counts, nodes[kept], entries[kept])

    def weights(self, entries: Nodes) -> NDArray[np.float32]:
        """Return the weights of some edges."""
        found: NDArray[np.float32] = self.adjacency.data[entries]
        return found


@dataclass(frozen=True, eq=False)
class Walk:
    """Nodes within some hops of the targets, and the edges between them."""

    nodes: Nodes
    """(n_nodes,) positions in the whole graph, sorted by distance from the targets."""
    within: tuple[int, ...]
    """Number of nodes within 0, 1, 2, ... hops."""
    edges: Senders
    """All edges of the nodes but the farthest; senders are positions in `nodes`."""

    @classmethod
    def of(cls, found: list[Nodes], read: list[Senders]) -> Self:
        """Make a walk of the nodes at 0, 1, 2, ... hops, and the edges between."""
        within = np.cumsum([len(nodes) for nodes in found])
        edges = _concatenated(read)
        return cls(np.concatenate(found), tuple(within.tolist()), edges)

    def adjacency(self, weights: NDArray[np.float32]) -> sparse.csr_array:
        """Return the adjacency over `nodes`, senders in the order of the whole graph.

        `weights` has one number per edge. The farthest nodes have no senders.
        """
        n_nodes = len(self.nodes)
        index = index_dtype(n_nodes, len(weights))
        indptr = np.zeros(n_nodes + 1, index)
        n_receivers = len(self.edges.counts)
        np.cumsum(self.edges.counts, out=indptr[1 : n_receivers + 1])
        indptr[n_receivers + 1 :] = indptr[n_receivers]
        parts = weights, self.edges.nodes.astype(index, copy=False), indptr
        return sparse.csr_array(parts, shape=(n_nodes, n_nodes))


@dataclass(frozen=True, eq=False)
class ReceptiveField:
    """Part of a graph that determines the outputs of its targets."""

    graph: Graph
    """Nodes sorted by distance from the targets, with checked features."""
    reach: tuple[int, ...]
    """Number of nodes that the last 0, 1, 2, ... layers of the network depend on."""
    degree: NDArray[np.float64] | None
    """(n_nodes,) degrees in the whole graph, with self-loops, if layers use them."""
    nodes: Nodes
    """(n_nodes,) positions in the whole graph."""
    whole: Graph | None
    """The whole graph; None for fitted and new rows of a table."""


def walk(rows: Neighbourhoods, targets: Nodes, extent: Extent) -> Walk | None:
    """Collect the nodes that the outputs of targets depend on.

    Parameters
    ----------
    rows : Neighbourhoods
        Senders of every node.
    targets : ndarray of shape (n_targets,), int64
        Distinct nodes.
    extent : Extent
        Hops of the network's layers.

    Returns
    -------
    Walk or None
        None if the graph is small or its layers would hardly have less to compute.
    """
    if is_small(rows.size) or len(targets) == 0:
        return None
    size = 0
    # zeros are mapped lazily: only pages that are written to cost time
    position = np.zeros(rows.n_nodes, np.int64)  # from 1; 0 for unknown nodes
    found, read, n_nodes = [targets], [], len(targets)
    shares = np.zeros(len(extent.receivers))  # of each layer, so far at least
    position[targets] = np.arange(1, n_nodes + 1)
    for hop in range(extent.distances[-1]):
        size += len(found[-1]) + rows.count(found[-1])
        shares[extent.receivers >= hop] = size / rows.size
        if shares.sum() > LARGEST_WORK * len(shares):
            return None
        edges, new = _hop(rows, found[-1], position, n_nodes)
        read.append(edges)
        found.append(new)
        n_nodes += len(new)
    return Walk.of(found, read)


def walk_all(
    rows: Neighbourhoods, targets: Nodes, n_hops: int, position: Nodes
) -> Walk:
    """Collect all nodes within some hops, however many they are.

    `position`, (n_nodes,) zeros of the whole graph, is used and left as it was.
    """
    found, read, n_nodes = [targets], [], len(targets)
    position[targets] = np.arange(1, n_nodes + 1)
    for _ in range(n_hops):
        edges, new = _hop(rows, found[-1], position, n_nodes)
        read.append(edges)
        found.append(new)
        n_nodes += len(new)
    walked = Walk.of(found, read)
    position[walked.nodes] = 0
    return walked


def _hop(
    rows: Neighbourhoods, nodes: Nodes, position: Nodes, n_found: int
) -> tuple[Senders, Nodes]:
    """Return the edges of nodes, and their new senders; set the positions of these."""
    edges = rows.of(nodes)
    new = np.unique(edges.nodes[position[edges.nodes] == 0]).astype(np.int64)
    position[new] = np.arange(n_found + 1, n_found + len(new) + 1)
    return edges._replace(nodes=position[edges.nodes] - 1), new


def _concatenated(read: list[Senders]) -> Senders:
    if not read:
        nothing = np.empty(0, np.int64)
        return Senders(nothing, nothing, nothing)
    return Senders(*map(np.concatenate, zip(*read, strict=True)))


def receptive_field(
    rows: Neighbourhoods,
    targets: Nodes,
    extent: Extent,
    *,
    features_of: Callable[[Nodes], Any],
    whole: Graph | None = None,
) -> ReceptiveField | None:
    """Cut the receptive field of targets out of a graph.

    Parameters
    ----------
    rows : Neighbourhoods
        The whole graph.
    targets : ndarray of shape (n_targets,), int64
        Target nodes; duplicates are allowed.
    extent : Extent
        Hops of the network's layers.
    features_of : callable
        Function from positions of nodes to their checked features.
    whole : Graph or None, default=None
        The whole graph, for its node labels, edge features and types; None of a table.

    Returns
    -------
    ReceptiveField or None
        None if the whole graph is to be evaluated.
    """
    distinct, at = np.unique(targets, return_inverse=True)
    distances = extent.distances
    found = walk(rows, distinct, extent)
    if found is None or (extent.sums_weights and _has_distant_loops(rows, found)):
        return None
    degree = None
    if extent.uses_degrees:
        degree = _degrees(rows, found.nodes)
        if degree is None:
            return None
    entries = found.edges.entries
    features = None if whole is None else whole.edge_features
    graph = Graph._trusted(
        found.adjacency(rows.weights(entries)),
        features_of(found.nodes),
        None if features is None else features[entries],
        None,
        types=NO_TYPES if whole is None else whole._types.take(entries, found.nodes),
    )
    return ReceptiveField(
        graph=graph[at],
        reach=tuple(found.within[distance] for distance in distances),
        degree=degree,
        nodes=found.nodes,
        whole=whole,
    )


def _has_distant_loops(rows: Neighbourhoods, found: Walk) -> bool:
    """Return whether the weight of an added self-loop may depend on distant edges.

    A node without senders in a weighted graph has the mean weight of its receivers.
    """
    return not found.edges.counts.all() and rows.is_weighted


def _degrees(rows: Neighbourhoods, nodes: Nodes) -> NDArray[np.float64] | None:
    """Compute sums of edge weights, with self-loops, in the whole graph.

    None if they depend on distant edges: a node without senders in a weighted graph
    has the mean weight of its receivers.
    """
    counts, senders, entries = rows.of(nodes)
    if not counts.all() and rows.is_weighted:
        return None
    n_nodes, weights = len(nodes), rows.weights(entries)
    owner = np.repeat(np.arange(n_nodes), counts)
    # one further node stands for all other senders
    ends = np.where(senders == nodes[owner], owner, n_nodes)
    indptr = np.concatenate([[0], np.cumsum(counts), [len(ends)]])
    shape = n_nodes + 1, n_nodes + 1
    edges = sparse.csr_array((weights, ends, indptr), shape=shape)
    loops = MissingLoops.of(edges)
    degree = np.bincount(owner, weights, n_nodes + 1).astype(np.float64)
    degree[loops.nodes] += loops.weights(edges)
    return degree[:n_nodes]
