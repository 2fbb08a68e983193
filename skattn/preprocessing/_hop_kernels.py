"""Compiled statistics over the senders of every node.

Arguments are not checked. `mass` (n_nodes, n_columns) is the share of walks that end at
a known value.
"""

# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from skattn._compilation import cached_jit

_jit = cached_jit(nogil=True, boundscheck=False, error_model="numpy")


@_jit
def squared_gaps(indptr, indices, weights, mass, values, centre):
    """Return weighted sums of squared gaps of the senders' values to a centre."""
    n_nodes, n_columns = values.shape
    sums = np.zeros((n_nodes, n_columns))
    for i in range(n_nodes):
        for e in range(indptr[i], indptr[i + 1]):
            j, weight = indices[e], weights[e]
            for f in range(n_columns):
                gap = values[j, f] - centre[i, f]
                sums[i, f] += weight * mass[j, f] * (gap * gap)
    return sums


@_jit
def extremes_of_senders(indptr, indices, mass, values, sign):
    """Return the largest ``sign * value`` of each node's senders, times `sign`."""
    n_nodes, n_columns = values.shape
    best = np.full((n_nodes, n_columns), -np.inf)
    for i in range(n_nodes):
        for e in range(indptr[i], indptr[i + 1]):
            j = indices[e]
            for f in range(n_columns):
                if mass[j, f] > 0 and sign * values[j, f] > best[i, f]:
                    best[i, f] = sign * values[j, f]
    return sign * best
