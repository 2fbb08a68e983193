"""Sequence of ever smaller graphs, in which matched nodes are merged."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._adjacency import entry_rows

N_ROUNDS = 3
"""Rounds of a matching; each matches the ends of edges that are best for both."""


@dataclass(frozen=True, eq=False)
class Level:
    """Undirected graph; a node stands for one or several of the first level."""

    weights: sparse.csr_array
    """(n_nodes, n_nodes) symmetric, without diagonal."""
    masses: NDArray[np.float64]
    """(n_nodes,) number of nodes of the first level."""
    members: NDArray[np.int64] | None = None
    """(n_nodes,) node of the next coarser level, None on the last."""


def finest_level(adjacency: sparse.csr_array) -> Level:
    """Return the undirected graph; the weight of an edge is its share at both ends."""
    n_nodes = adjacency.shape[0]
    weights = _without_diagonal(adjacency.astype(np.float64))
    weights = sparse.csr_array(weights + weights.T)
    totals = weights.sum(axis=1)
    shares = 1 / np.where(totals > 0, totals, 1)
    at_both_ends = shares[entry_rows(weights)] + shares[weights.indices]
    data = weights.data * at_both_ends / 2
    weights = sparse.csr_array((data, weights.indices, weights.indptr), weights.shape)
    return Level(weights, np.ones(n_nodes))


def levels(finest: Level, rng: np.random.RandomState) -> list[Level]:
    """Return the graph and ever coarser ones; the last one has no edges."""
    found, level = [], finest
    while level.weights.nnz:
        members = _members(level, rng)
        found.append(replace(level, members=members))
        level = _merged(level, members)
    return [*found, level]


def _members(level: Level, rng: np.random.RandomState) -> NDArray[np.int64]:
    """Match nodes with a neighbour; others join the pair of a neighbour."""
    n_nodes = len(level.masses)
    receivers, senders = entry_rows(level.weights), level.weights.indices
    chance = rng.uniform(size=n_nodes)
    # symmetric numbers in 1 .. 2 that break ties
    tie_breaks = 1 + np.mod(997 * (chance[receivers] + chance[senders]), 1)
    masses = level.masses[receivers] * level.masses[senders]
    strengths = level.weights.data / masses * tie_breaks
    partners = np.full(n_nodes, -1)
    for _ in range(N_ROUNDS):
        free = (partners[receivers] < 0) & (partners[senders] < 0)
        best = _best(receivers[free], senders[free], strengths[free], n_nodes)
        mutual = (best >= 0) & (best[best] == np.arange(n_nodes))
        partners[mutual] = best[mutual]
    numbers = np.arange(n_nodes)
    heads = np.where(partners >= 0, np.minimum(partners, numbers), numbers)
    possible = (partners[receivers] < 0) & (partners[senders] >= 0)
    joined = _best(receivers[possible], senders[possible], strengths[possible], n_nodes)
    heads = np.where(joined >= 0, heads[joined], heads)
    return np.unique(heads, return_inverse=True)[1].astype(np.int64)


def _best(
    receivers: NDArray[np.integer],
    senders: NDArray[np.integer],
    strengths: NDArray[np.float64],
    n_nodes: int,
) -> NDArray[np.int64]:
    """Return the sender of the strongest edge of each node, -1 without one.

    The edges are sorted by receivers.
    """
    best = np.full(n_nodes, -1)
    if len(receivers):
        order = np.lexsort((strengths, receivers))
        last = np.flatnonzero(np.diff(receivers, append=n_nodes))
        best[receivers[last]] = senders[order[last]]
    return best


def _merged(level: Level, members: NDArray[np.int64]) -> Level:
    """Return the graph of the merged nodes, with sums of weights and masses."""
    n_nodes, n_merged = len(members), int(members.max()) + 1
    membership = sparse.csr_array(
        (np.ones(n_nodes), members, np.arange(n_nodes + 1)), (n_nodes, n_merged)
    )
    weights = _without_diagonal(membership.T @ level.weights @ membership)
    masses: Any = np.bincount(members, level.masses, n_merged)
    return Level(weights, masses)


def _without_diagonal(weights: sparse.csr_array) -> sparse.csr_array:
    edges = weights.tocoo()
    apart = edges.row != edges.col
    ends = edges.row[apart], edges.col[apart]
    return sparse.coo_array((edges.data[apart], ends), weights.shape).tocsr()
