"""Compiled functions of growing graphs: node orders, and the contexts of new nodes.

Positions are those of nodes within their graph, in the order in which they are added.
The neighbours of every node are in increasing position. Random numbers are hashes of
(seed, graph, index). Arguments are not checked.
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

import math

import numpy as np
from numba import njit

from skattn._batch._draw import _hash, _insertion_point, _uniform_below
from skattn._compilation import cached_jit

i32, i64, u64 = np.int32, np.int64, np.uint64

_jit = cached_jit(nogil=True, boundscheck=False, error_model="numpy")
_inline = njit(boundscheck=False, error_model="numpy")

BREADTH_FIRST, DEPTH_FIRST, UNIFORM = 0, 1, 2
_LINEAR_UP_TO = 4.0
"""Degree up to which its column is proportional to it; logarithmic beyond."""


# ---- orders --------------------------------------------------------------------------


@_inline
def _shuffle(part, key, drawn):
    """Permute in place by `drawn`-th and later random numbers; return the next one."""
    for k in range(len(part) - 1, 0, -1):
        j = _uniform_below(k + 1, key, drawn)
        drawn += 1
        part[k], part[j] = part[j], part[k]
    return drawn


@_inline
def _unseen_root(nodes, seen, n_left, key, drawn):
    """Return a random node of those that are not seen."""
    skip = _uniform_below(n_left, key, drawn)
    for v in range(len(seen)):
        if not seen[v]:
            if skip == 0:
                return nodes + v
            skip -= 1
    return -1


@_inline
def _breadth_first(nodes, indptr, indices, seen, order, key):
    """Write a breadth-first order of one graph; return the log of its probability.

    The root of a component is uniform among the nodes left, and the new neighbours of a
    node are in uniform order.
    """
    n, filled, head, drawn, log_q = len(order), 0, 0, 0, 0.0
    while filled < n:
        root = _unseen_root(nodes, seen, n - filled, key, drawn)
        drawn += 1
        log_q -= math.log(n - filled)
        seen[root - nodes] = True
        order[filled] = root
        filled += 1
        while head < filled:
            node, first = order[head], filled
            head += 1
            for e in range(indptr[node], indptr[node + 1]):
                other = indices[e]
                if not seen[other - nodes]:
                    seen[other - nodes] = True
                    order[filled] = other
                    filled += 1
            drawn = _shuffle(order[first:filled], key, drawn)
            log_q -= math.lgamma(filled - first + 1.0)
    return log_q


@_inline
def _unseen_neighbor(node, nodes, indptr, indices, seen, skip):
    """Return the `skip`-th unseen neighbour, or -1, and the number of unseen ones."""
    n_unseen, found = 0, i64(-1)
    for e in range(indptr[node], indptr[node + 1]):
        if not seen[indices[e] - nodes]:
            if n_unseen == skip:
                found = i64(indices[e])
            n_unseen += 1
    return found, n_unseen


@_inline
def _depth_first(nodes, indptr, indices, seen, order, stack, key):
    """Write a depth-first order of one graph; return the log of its probability.

    The next node is uniform among the unseen neighbours of the newest node with any.
    """
    n, filled, top, drawn, log_q = len(order), 0, 0, 0, 0.0
    while filled < n:
        if top == 0:
            node = _unseen_root(nodes, seen, n - filled, key, drawn)
            log_q -= math.log(n - filled)
        else:
            last = stack[top - 1]
            _, n_unseen = _unseen_neighbor(last, nodes, indptr, indices, seen, -1)
            if n_unseen == 0:
                top -= 1
                continue
            skip = _uniform_below(n_unseen, key, drawn)
            node, _ = _unseen_neighbor(last, nodes, indptr, indices, seen, skip)
            log_q -= math.log(n_unseen)
        drawn += 1
        seen[node - nodes] = True
        order[filled] = stack[top] = node
        filled += 1
        top += 1
    return log_q


@_jit
def draw_orders(kind, seed, graphs, order, log_q):
    """Draw an order of the nodes of each graph, and the log of its probability."""
    node_ptr, indptr, indices = graphs
    sizes = np.diff(node_ptr)
    longest = sizes.max() if len(sizes) else 0
    flags, stack = np.empty(longest, np.bool_), np.empty(longest, np.int64)
    for g in range(len(sizes)):
        first, n = node_ptr[g], sizes[g]
        key = _hash(seed ^ _hash(u64(g)))
        seen, part = flags[:n], order[first : first + n]
        seen[:] = False
        if kind == BREADTH_FIRST:
            log_q[g] = _breadth_first(first, indptr, indices, seen, part, key)
        elif kind == DEPTH_FIRST:
            log_q[g] = _depth_first(first, indptr, indices, seen, part, stack, key)
        else:
            for k in range(n):
                part[k] = first + k
            _shuffle(part, key, 0)
            log_q[g] = -math.lgamma(n + 1.0)


@_jit
def reorder(graphs, edge_labels, order, position, new_indptr, new_indices, new_labels):
    """Renumber the nodes of each graph by an order; its neighbours become positions.

    Neighbours are in increasing position, as nodes are visited in this order.
    """
    node_ptr, indptr, indices = graphs
    new_indptr[0] = 0
    for g in range(len(node_ptr) - 1):
        for k in range(node_ptr[g], node_ptr[g + 1]):
            node = order[k]
            position[node] = k - node_ptr[g]
            new_indptr[k + 1] = new_indptr[k] + indptr[node + 1] - indptr[node]
    filled = new_indptr[:-1].copy()
    for g in range(len(node_ptr) - 1):
        first = node_ptr[g]
        for k in range(first, node_ptr[g + 1]):
            for e in range(indptr[order[k]], indptr[order[k] + 1]):
                receiver = first + position[indices[e]]
                new_indices[filled[receiver]] = k - first
                new_labels[filled[receiver]] = edge_labels[e]
                filled[receiver] += 1


# ---- contexts ------------------------------------------------------------------------


@_inline
def _parent(t, nodes, indptr, indices, first):
    """Return the first or last neighbour of position t among earlier ones, or -1."""
    found = i64(-1)
    for e in range(indptr[nodes + t], indptr[nodes + t + 1]):
        if indices[e] >= t:
            break
        found = i64(indices[e])
        if first:
            break
    return found


@_inline
def _open_positions(kind, t, nodes, indptr, indices, out):
    """Write the positions that may be neighbours of node t; return their number.

    Breadth-first: from the parent of node t - 1 on (You et al. 2018). Depth-first: the
    path from the root to node t - 1, as all others have no neighbours left.
    """
    if t == 0:
        return 0
    if kind == DEPTH_FIRST:
        n, node = 0, t - 1
        while node >= 0:
            out[n] = node
            n += 1
            node = _parent(node, nodes, indptr, indices, False)
        for k in range(n // 2):
            out[k], out[n - 1 - k] = out[n - 1 - k], out[k]
        return n
    low = i64(0)
    if kind == BREADTH_FIRST:
        low = _parent(t - 1, nodes, indptr, indices, True)
        low = t - 1 if low < 0 else low
    for k in range(low, t):
        out[k - low] = k
    return t - low


@_jit
def count_contexts(kind, graphs, steps, ends_open, node_ptr, edge_ptr, row_ptr):
    """Count the nodes, edges and candidates of the contexts of steps (graph, t)."""
    ptr, indptr, indices = graphs
    sizes = np.diff(ptr)
    scratch = np.empty((sizes.max() if len(sizes) else 0) + 1, np.int64)
    node_ptr[0] = edge_ptr[0] = row_ptr[0] = 0
    for c in range(len(steps)):
        g, t = steps[c]
        first = ptr[g]
        n_edges = 3 * t + 1
        for k in range(first, first + t):
            n_edges += _insertion_point(t, indices[indptr[k] : indptr[k + 1]])
        n_open = 0
        if t < sizes[g] or ends_open:
            n_open = _open_positions(kind, t, first, indptr, indices, scratch)
        node_ptr[c + 1] = node_ptr[c] + t + 1
        edge_ptr[c + 1] = edge_ptr[c] + n_edges
        row_ptr[c + 1] = row_ptr[c] + n_open


@_inline
def _degree_column(degree):
    if degree <= _LINEAR_UP_TO:
        return degree / 2
    return _LINEAR_UP_TO / 2 * (1 + math.log(degree / _LINEAR_UP_TO))


@_inline
def _fill_nodes(x, t, labels, degrees, condition):
    """Write the columns of the old nodes and of the new one, the last."""
    n_edge_labels, n_conditions = degrees.shape[1], len(condition)
    after = x.shape[1] - n_conditions - 3
    new = after - n_edge_labels - 1
    for k in range(t + 1):
        row = x[k]
        row[labels[k] if k < t else new] = 1
        for j in range(n_edge_labels):
            row[new + 1 + j] = _degree_column(degrees[k, j])
        row[after] = math.log1p(t - k)
        row[after + 1] = math.log1p(t)
        for j in range(n_conditions):
            row[after + 3 + j] = condition[j]


@_inline
def _fill_edges(t, shift, nodes, graphs, labels, out, degrees):
    """Write the edges of one context: old ones, self-loops, those of the new node."""
    _, indptr, indices = graphs
    new_indptr, senders, features = out
    n, n_labels = 0, degrees.shape[1]
    for k in range(t):
        for e in range(indptr[nodes + k], indptr[nodes + k + 1]):
            if indices[e] >= t:
                break
            senders[n] = shift + indices[e]
            features[n, labels[e] - 1] = 1
            degrees[k, labels[e] - 1] += 1
            n += 1
        senders[n] = shift + k
        features[n, n_labels] = 1
        senders[n + 1] = shift + t
        features[n + 1, n_labels + 1] = 1
        n += 2
        new_indptr[k + 1] = new_indptr[0] + n
    for k in range(t + 1):
        senders[n] = shift + k
        features[n, n_labels if k == t else n_labels + 2] = 1
        n += 1
    new_indptr[t + 1] = new_indptr[0] + n


@_inline
def _fill_row(shift, indices, labels, candidates, edges):
    """Write the edge labels of candidates, and shift these to numbers in the batch."""
    e = 0
    for k in range(len(candidates)):
        while e < len(indices) and indices[e] < candidates[k]:
            e += 1
        if e < len(indices) and indices[e] == candidates[k]:
            edges[k] = labels[e]
        candidates[k] += shift


@_jit
def fill_contexts(kind, graphs, labels, conditions, steps, ptrs, nodes_out, edges_out):
    """Write the contexts of steps (graph, t): columns, edges, candidates, targets.

    `x`, `features` and the targets are 0 before.
    """
    ptr, indptr, indices = graphs
    node_labels, edge_labels = labels
    node_ptr, edge_ptr, row_ptr = ptrs
    x, candidates, targets = nodes_out
    new_indptr, senders, features = edges_out
    n_edge_labels = features.shape[1] - 3
    n_open_column = x.shape[1] - conditions.shape[1] - 1
    longest = np.diff(ptr).max() if len(ptr) > 1 else 0
    scratch = np.empty(longest + 1, np.int64)
    new_indptr[0] = 0
    for c in range(len(steps)):
        g, t = steps[c]
        first, shift, edges = ptr[g], node_ptr[c], slice(edge_ptr[c], edge_ptr[c + 1])
        degrees = np.zeros((t + 1, n_edge_labels), np.float32)
        out = new_indptr[shift : shift + t + 2], senders[edges], features[edges]
        _fill_edges(t, shift, first, graphs, edge_labels, out, degrees)
        own = x[shift : shift + t + 1]
        _fill_nodes(own, t, node_labels[first : first + t], degrees, conditions[g])
        n_open = _open_positions(kind, t, first, indptr, indices, scratch)
        for k in range(n_open):  # also after the last node: it must not show the end
            own[scratch[k], n_open_column] = 1
        row = candidates[row_ptr[c] : row_ptr[c + 1]]
        row[:] = scratch[: len(row)]
        known = slice(0, 0)
        if first + t < ptr[g + 1]:
            known = slice(indptr[first + t], indptr[first + t + 1])
        found = targets[row_ptr[c] : row_ptr[c + 1]]
        _fill_row(shift, indices[known], edge_labels[known], row, found)


# ---- growth --------------------------------------------------------------------------


@_jit
def append_nodes(graphs, edge_labels, rows, edges, new_indptr, new_indices, new_labels):
    """Add a node to each graph, with the edges of its row; labels of 0 are no edges.

    `rows` are pointers and positions of the candidates of each graph.
    """
    node_ptr, indptr, indices = graphs
    row_ptr, candidates = rows
    n = node = 0
    new_indptr[0] = 0
    for g in range(len(node_ptr) - 1):
        size = node_ptr[g + 1] - node_ptr[g]
        own, mine = candidates[row_ptr[g] : row_ptr[g + 1]], edges[row_ptr[g] :]
        c = 0
        for k in range(size):
            for e in range(indptr[node_ptr[g] + k], indptr[node_ptr[g] + k + 1]):
                new_indices[n] = indices[e]
                new_labels[n] = edge_labels[e]
                n += 1
            while c < len(own) and own[c] < k:
                c += 1
            if c < len(own) and own[c] == k and mine[c] > 0:
                new_indices[n] = size
                new_labels[n] = mine[c]
                n += 1
            node += 1
            new_indptr[node] = n
        for c in range(len(own)):
            if mine[c] > 0:
                new_indices[n] = own[c]
                new_labels[n] = mine[c]
                n += 1
        node += 1
        new_indptr[node] = n
