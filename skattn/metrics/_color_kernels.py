"""Compiled colour refinement (the 1-WL algorithm) with hashes as colours.

Arguments are not checked: `indptr` and `indices` (int64) are the CSR form of an
adjacency, `codes` (int64) the labels of its entries, `colors` (uint64) those of nodes.
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from skattn._compilation import cached_jit

_jit = cached_jit(nogil=True, boundscheck=False, error_model="numpy")

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_A, _B, _C = np.uint64(30), np.uint64(27), np.uint64(31)


@_jit
def mixed(x):
    """Return a hash of 64 bits (the finalizer of SplitMix64, Steele et al. 2014)."""
    x = (x + _STEP) & np.uint64(0xFFFFFFFFFFFFFFFF)
    x = (x ^ (x >> _A)) * _FIRST
    x = (x ^ (x >> _B)) * _SECOND
    return x ^ (x >> _C)


@_jit
def mixed_all(values):
    """Return the hash of every number."""
    found = np.empty(len(values), np.uint64)
    for i in range(len(values)):
        found[i] = mixed(np.uint64(values[i]))
    return found


@_jit
def refined(indptr, indices, codes, colors):
    """Return colours by a node's colour and the multiset of its senders' colours."""
    found = np.empty_like(colors)
    for i in range(len(colors)):
        total = np.uint64(0)
        for e in range(indptr[i], indptr[i + 1]):
            total += mixed(colors[indices[e]] ^ mixed(np.uint64(codes[e])))
        found[i] = mixed(mixed(colors[i]) + total)
    return found


@_jit
def neighbour_keys(indptr, indices, codes):
    """Return hashes of senders, receivers and labels of edges: equal for twins."""
    found = np.zeros(len(indptr) - 1, np.uint64)
    for i in range(len(found)):
        for e in range(indptr[i], indptr[i + 1]):
            j, code = indices[e], mixed(np.uint64(codes[e]))
            found[i] += mixed(mixed(np.uint64(j)) ^ code)
            found[j] += mixed(mixed(np.uint64(i)) + code)
    return found
