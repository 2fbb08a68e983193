"""Compiled functions of neighbour sampling: sample senders, number the sampled nodes.

Each random number is a hash of (seed, node, index), so that results do not depend on
the order of execution. Arguments are not checked.
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

import math

import numpy as np
from numba import njit

from skattn._compilation import cached_jit

i64, u64 = np.int64, np.uint64

_jit = cached_jit(nogil=True, boundscheck=False, error_model="numpy")
_inline = njit(boundscheck=False, error_model="numpy")


@_inline
def _hash(x):
    """Hash 64 bits: the finalizer of splitmix64 (Steele et al. 2014, figure 14)."""
    x = (x ^ (x >> u64(30))) * u64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> u64(27))) * u64(0x94D049BB133111EB)
    return x ^ (x >> u64(31))


@_inline
def _uniform_below(n, key, number):
    """Draw a number below n < 2**32, uniformly."""
    x = _hash(key + u64(number) * u64(0x9E3779B97F4A7C15))
    return i64(((x >> u64(32)) * u64(n)) >> u64(32))


@_inline
def _floyd_sample(n, key, chosen):
    """Draw some of n numbers, ascending (Floyd's algorithm, Bentley and Floyd 1987)."""
    s = len(chosen)
    for m in range(s):
        last = n - s + m  # larger than all chosen numbers
        x = _uniform_below(last + 1, key, m)
        slot = m
        while slot > 0 and chosen[slot - 1] > x:
            slot -= 1
        if slot > 0 and chosen[slot - 1] == x:
            chosen[m] = last
            continue
        for k in range(m, slot, -1):
            chosen[k] = chosen[k - 1]
        chosen[slot] = x


@_inline
def _selection_sample(n, key, chosen):
    """Draw some of n numbers, ascending, by selection sampling (Knuth, algorithm S)."""
    m, s = 0, len(chosen)
    for x in range(n):
        if _uniform_below(n - x, key, x) < s - m:
            chosen[m] = x
            m += 1


@_inline
def _sample_ascending(n, key, chosen):
    """Draw some of n numbers, ascending, by the faster algorithm."""
    s = len(chosen)  # times are proportional to s * s and n, see benchmarks/README.md
    if 2 * s * s < 5 * n:
        _floyd_sample(n, key, chosen)
    else:
        _selection_sample(n, key, chosen)


@_inline
def _insertion_point(x, row):
    """Return the insertion point of x in a sorted row."""
    low, high = 0, len(row)
    while low < high:
        middle = (low + high) >> 1
        if row[middle] < x:
            low = middle + 1
        else:
            high = middle
    return low


@_inline
def _self_loop_range(node, row):
    """Return the positions of a node's self-loops in its row, as a range."""
    first = _insertion_point(node, row)
    last = first
    while last < len(row) and row[last] == node:
        last += 1
    return first, last


@_jit
def count(low, high, receivers, fanout, indptr, senders, counts):
    """Count the sampled edges of each receiver: self-loops and `fanout` others."""
    for r in range(low, high):
        node = receivers[r]
        row = senders[indptr[node] : indptr[node + 1]]
        first, last = _self_loop_range(node, row)
        n_loops = last - first
        counts[r] = n_loops + min(fanout, len(row) - n_loops)


@_jit
def draw(low, high, receivers, seed, edges, ptr, entries, log_scale):
    """Sample the edges of each receiver, in the order of its row.

    `log_scale` is set to the log of the number of senders that each edge represents.
    """
    indptr, senders = edges
    for r in range(low, high):
        node = receivers[r]
        start = indptr[node]
        row = senders[start : indptr[node + 1]]
        kept = entries[ptr[r] : ptr[r + 1]]
        scale = log_scale[ptr[r] : ptr[r + 1]]
        if len(kept) == len(row):
            for k in range(len(row)):
                kept[k] = start + k
                scale[k] = 0
            continue
        first, last = _self_loop_range(node, row)
        n_loops = last - first
        n, s = len(row) - n_loops, len(kept) - n_loops
        _sample_ascending(n, _hash(seed ^ _hash(u64(node))), kept[:s])
        scale[:] = math.log(n / s)
        k = s - 1
        while k >= 0 and kept[k] >= first:  # after the self-loops
            kept[k + n_loops] = start + kept[k] + n_loops
            k -= 1
        for j in range(n_loops):
            kept[k + 1 + j] = start + first + j
            scale[k + 1 + j] = 0
        for j in range(k + 1):
            kept[j] += start


@_inline
def _slot(node, nodes, table):
    """Return the slot of a node in the hash table, or a free slot for it."""
    mask = len(table) - 1  # a power of two
    slot = i64(_hash(u64(node)) & u64(mask))
    while table[slot] >= 0 and nodes[table[slot]] != node:
        slot = (slot + 1) & mask
    return slot


@_jit
def assign_numbers(nodes, n_known, entries, senders, table, numbers):
    """Assign numbers to the senders of some entries; append new nodes to known ones.

    `table` is an empty hash table (-1 everywhere); an array over all nodes of a large
    graph would take longer than the sampling.
    """
    for k in range(n_known):
        table[_slot(nodes[k], nodes, table)] = k
    n = n_known
    for e in range(len(entries)):
        sender = i64(senders[entries[e]])
        slot = _slot(sender, nodes, table)
        if table[slot] < 0:
            table[slot] = n
            nodes[n] = sender
            n += 1
        numbers[e] = table[slot]
    return n


@_jit
def sum_weights(low, high, indptr, log_weight, degree):
    """Sum the weights of each receiver's senders."""
    for i in range(low, high):
        total = 0.0
        for e in range(indptr[i], indptr[i + 1]):
            total += math.exp(log_weight[e])
        degree[i] = total
