"""Compiled functions of copies of a graph that share nodes.

Arguments are not checked.
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

import numpy as np
from numba import njit

from skattn._compilation import cached_jit

_jit = cached_jit(nogil=True, boundscheck=False)
_inline = njit(boundscheck=False)


@_inline
def _with_room(numbers, n):
    """Return an array of at least `n` numbers that begins with the given ones."""
    if n <= len(numbers):
        return numbers
    wider = np.empty(max(n, 2 * len(numbers)), numbers.dtype)
    wider[: len(numbers)] = numbers
    return wider


@_jit
def reached_nodes(receivers, rings, farthest):
    """Return the lists of nodes that a change of each node affects, itself first.

    `receivers` are the lists of the receivers of each node, `rings` its hops from the
    target. After t layers a node is affected only within ``farthest - t`` hops.
    """
    n_nodes = len(rings)
    ptr, found = np.zeros(n_nodes + 1, np.int64), np.empty(4 * n_nodes + 16, np.int64)
    seen = np.full(n_nodes, -1, np.int64)  # the last node from which it was reached
    filled = 0
    for start in range(n_nodes):
        if rings[start] <= farthest:
            found = _with_room(found, filled + n_nodes)
            low, found[filled], seen[start] = filled, start, start
            filled += 1
            high, within = filled, farthest - 1
            while low < high:
                for k in range(low, high):
                    node = found[k]
                    for e in range(receivers.ptr[node], receivers.ptr[node + 1]):
                        other = receivers.numbers[e]
                        if seen[other] != start and rings[other] <= within:
                            seen[other] = start
                            found[filled] = other
                            filled += 1
                low, high, within = high, filled, within - 1
        ptr[start + 1] = filled
    return ptr, found[:filled].copy()


@_jit
def affected_nodes(changed, reached, removed):
    """Return the lists of nodes that the removed candidates of each copy affect."""
    n_nodes, n_copies = len(reached.ptr) - 1, len(removed.ptr) - 1
    ptr, found = np.zeros(n_copies + 1, np.int64), np.empty(n_nodes + 16, np.int64)
    seen = np.full(n_nodes, -1, np.int64)  # the last copy that it is affected in
    walked = np.full(n_nodes, -1, np.int64)
    filled = 0
    for copy in range(n_copies):
        found = _with_room(found, filled + n_nodes)
        for r in range(removed.ptr[copy], removed.ptr[copy + 1]):
            each = removed.numbers[r]
            for c in range(changed.ptr[each], changed.ptr[each + 1]):
                source = changed.numbers[c]
                if walked[source] == copy:
                    continue
                walked[source] = copy
                for k in range(reached.ptr[source], reached.ptr[source + 1]):
                    node = reached.numbers[k]
                    if seen[node] != copy:
                        seen[node] = copy
                        found[filled] = node
                        filled += 1
        ptr[copy + 1] = filled
    return ptr, found[:filled].copy()


@_jit
def shared_edges(indptr, senders, owner, own, removed, n_candidates, target):
    """Return the edges of a graph and of the nodes that copies have for themselves.

    Parameters
    ----------
    indptr, senders : ndarray of shape (n_nodes + 1,) and (n_edges,)
        Edges of the graph.
    owner : ndarray of shape (n_edges,), int64
        Candidate of each edge, -1 if it stays.
    own : Lists
        Nodes of each copy.
    removed : Lists
        Removed candidates of each copy.
    n_candidates : int
        Number of candidates.
    target : int
        Target node of the graph.

    Returns
    -------
    indptr, senders, entries : ndarray
        Edges of the nodes of the graph, then of those of each copy, and their
        positions among the edges of the graph.
    targets : ndarray of shape (n_copies,), int64
        Target node of each copy.
    """
    n_nodes, n_edges, n_copies = len(indptr) - 1, len(senders), len(own.ptr) - 1
    size = n_edges
    for node in own.numbers:
        size += indptr[node + 1] - indptr[node]
    new_indptr = np.empty(n_nodes + len(own.numbers) + 1, indptr.dtype)
    new_senders, entries = np.empty(size, senders.dtype), np.empty(size, np.int64)
    new_indptr[: n_nodes + 1], new_senders[:n_edges] = indptr, senders
    entries[:n_edges] = np.arange(n_edges)
    targets = np.full(n_copies, target, np.int64)
    place = np.arange(n_nodes)  # of each node in the current copy
    is_removed = np.zeros(n_candidates + 1, np.bool_)  # the last is that of owner -1
    filled = n_edges
    for copy in range(n_copies):
        nodes = own.numbers[own.ptr[copy] : own.ptr[copy + 1]]
        gone = removed.numbers[removed.ptr[copy] : removed.ptr[copy + 1]]
        first = n_nodes + own.ptr[copy]
        for k in range(len(nodes)):
            place[nodes[k]] = first + k
        targets[copy] = place[target]
        is_removed[gone] = True
        for k in range(len(nodes)):
            for e in range(indptr[nodes[k]], indptr[nodes[k] + 1]):
                if not is_removed[owner[e]]:
                    new_senders[filled], entries[filled] = place[senders[e]], e
                    filled += 1
            new_indptr[first + k + 1] = filled
        for node in nodes:
            place[node] = node
        is_removed[gone] = False
    return new_indptr, new_senders[:filled], entries[:filled], targets
