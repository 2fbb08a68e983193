"""Compiled structural features of pairs of nodes.

Arguments are not checked.
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from skattn._compilation import cached_jit

_jit = cached_jit(nogil=True, boundscheck=False, error_model="numpy")


@_jit
def pair_sums(indptr, indices, pairs, order, out):
    """Compute sums over common neighbours and meetings of random walks.

    `out` (n_pairs, 6) holds common neighbours, their Adamic-Adar and resource
    allocation sums, the probabilities that a walk of two steps from the first node
    meets one of one step from the second, the same with both exchanged, and that two
    walks of two steps meet. Pairs are visited in `order`; those with the same first
    node, one after the other, share its walks, and no sum over the neighbours of a node
    is computed twice for it. Memory is of the size of the nodes.
    """
    n_nodes = len(indptr) - 1
    after_two = np.zeros(n_nodes)
    is_neighbour = np.zeros(n_nodes, np.bool_)
    known = np.empty((n_nodes, 2))  # sums over neighbours, for the node `known_for`
    known_for = np.full(n_nodes, -1)
    first = -1
    for at in order:
        if pairs[at, 0] != first:
            if first >= 0:
                _clear(indptr, indices, first, is_neighbour, after_two)
            first = pairs[at, 0]
            _walk(indptr, indices, first, is_neighbour, after_two)
        step = 1.0 / max(indptr[first + 1] - indptr[first], 1)
        second = pairs[at, 1]
        _common(indptr, indices, second, is_neighbour, out[at])
        out[at, 3:] = 0.0
        low, high = indptr[second], indptr[second + 1]
        for entry in range(low, high):
            via = indices[entry]
            if known_for[via] != first:
                known_for[via] = first
                _average(indptr, indices, via, is_neighbour, after_two, known[via])
            out[at, 3] += after_two[via] / (high - low)
            out[at, 4] += known[via, 0] * step / (high - low)
            out[at, 5] += known[via, 1] / (high - low)


@_jit
def _walk(indptr, indices, node, is_neighbour, after_two):
    """Mark the neighbours of a node; sum the probabilities of two steps from it."""
    low, high = indptr[node], indptr[node + 1]
    for entry in range(low, high):
        via = indices[entry]
        is_neighbour[via] = True
        share = 1.0 / (high - low) / (indptr[via + 1] - indptr[via])
        for other in range(indptr[via], indptr[via + 1]):
            after_two[indices[other]] += share


@_jit
def _clear(indptr, indices, node, is_neighbour, after_two):
    """Undo :func:`_walk`."""
    for entry in range(indptr[node], indptr[node + 1]):
        via = indices[entry]
        is_neighbour[via] = False
        for other in range(indptr[via], indptr[via + 1]):
            after_two[indices[other]] = 0.0


@_jit
def _common(indptr, indices, node, is_neighbour, sums):
    """Sum over the neighbours of a node that are marked."""
    sums[:3] = 0.0
    for entry in range(indptr[node], indptr[node + 1]):
        via = indices[entry]
        if is_neighbour[via]:
            degree = indptr[via + 1] - indptr[via]
            sums[0] += 1.0
            sums[1] += 1.0 / np.log(max(degree, 2))
            sums[2] += 1.0 / degree


@_jit
def _average(indptr, indices, node, is_neighbour, after_two, means):
    """Average the marks and the probabilities of a node's neighbours."""
    means[:] = 0.0
    low, high = indptr[node], indptr[node + 1]
    for entry in range(low, high):
        means[0] += is_neighbour[indices[entry]]
        means[1] += after_two[indices[entry]]
    means /= high - low
