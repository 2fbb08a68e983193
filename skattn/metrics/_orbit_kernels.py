"""Compiled counts of triangles, 4-cycles, diamonds and 4-cliques of undirected graphs.

Arguments are not checked: `indptr` and `indices` (int64) are the CSR form of a
symmetric adjacency without loops, its rows sorted.
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from skattn._compilation import cached_jit

_jit = cached_jit(nogil=True, boundscheck=False, error_model="numpy")


@_jit
def dense_subgraphs(indptr, indices):
    """Count triangles of every entry, 4-cliques and outer diamonds of every node.

    A diamond is a pair of triangles with a common edge; its outer nodes are the two
    that the edge does not contain. All counts include subgraphs with more edges.
    """
    n_nodes = len(indptr) - 1
    triangles = np.zeros(len(indices), np.int64)
    cliques = np.zeros(n_nodes, np.int64)
    diamonds = np.zeros(n_nodes, np.int64)
    common, marks = np.empty(n_nodes, np.int64), np.full(n_nodes, -1)
    for i in range(n_nodes):
        for e in range(indptr[i], indptr[i + 1]):
            j = indices[e]
            n_common = _common_neighbours(indptr, indices, i, j, common)
            triangles[e] = n_common
            if j < i:
                continue
            for k in common[:n_common]:
                marks[k] = e
                diamonds[k] += n_common - 1
            for k in common[:n_common]:  # edges among the common neighbours
                for m in indices[indptr[k] : indptr[k + 1]]:
                    if m > k and marks[m] == e:
                        cliques[i] += 1
                        cliques[j] += 1
    return triangles, cliques // 3, diamonds  # a node has three edges in a clique


@_jit
def squares(indptr, indices):
    """Count the 4-cycles through every node, chords allowed."""
    n_nodes = len(indptr) - 1
    counts = np.zeros(n_nodes, np.int64)
    n_paths = np.zeros(n_nodes, np.int64)
    for i in range(n_nodes):
        for j in indices[indptr[i] : indptr[i + 1]]:
            for k in indices[indptr[j] : indptr[j + 1]]:
                if k != i:  # each earlier path to k closes a cycle
                    counts[i] += n_paths[k]
                    n_paths[k] += 1
        for j in indices[indptr[i] : indptr[i + 1]]:
            n_paths[indices[indptr[j] : indptr[j + 1]]] = 0
    return counts


@_jit
def _common_neighbours(indptr, indices, i, j, common):
    """Write the common neighbours of two nodes, and return their number."""
    a, b, n_common = indptr[i], indptr[j], 0
    while a < indptr[i + 1] and b < indptr[j + 1]:
        if indices[a] == indices[b]:
            common[n_common] = indices[a]
            n_common += 1
            a += 1
            b += 1
        elif indices[a] < indices[b]:
            a += 1
        else:
            b += 1
    return n_common
