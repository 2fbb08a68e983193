"""Kernels of walks over a knowledge graph, from row to row along the edges of nodes.

Rows of a question are its own, so questions are shared among threads without atomics.
Nothing is stored per edge. Kernels do not check the addresses they get; callers keep
the tensors alive.
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

from skattn.ops._cpu._compiler import inlined, kernel, loop
from skattn.ops._cpu._lanes import larger, select_above, splat, sum_lanes
from skattn.ops._cpu._layout import LANES
from skattn.ops._cpu._memory import after, floats, ints, load, longs, store
from skattn.ops._cpu._records import (
    PathGradients,
    PathTables,
    WalkQuestion,
    WalkTables,
)
from skattn.ops._cpu._softmax import exp

__all__ = ["expand_questions", "path_gradients", "sum_paths"]

_BITS = 0x7FFFFFFF


@inlined
def _question(walk, b):
    """Return the record of one question."""
    first = longs(walk.hidden_ptr)[b]
    relation = longs(walk.relations)[b]
    return WalkQuestion(
        longs(walk.sources)[b],
        relation,
        longs(walk.inverses)[relation],
        after(ints(walk.hidden), first),
        longs(walk.hidden_ptr)[b + 1] - first,
        after(ints(walk.row_of), b * walk.n_entities),
        after(ints(walk.node_of), b * walk.n_entities),
    )


@inlined
def _contains(hidden, n, node):
    found = False
    for k in loop(n):
        found |= hidden[k] == node
    return found


@inlined
def _is_hidden(question, hide_pairs, sender, receiver, relation):
    """Return whether an edge is a hidden fact or the inverse of one."""
    source, n = question.source, question.n_hidden
    if n == 0:
        return False
    forward = sender == source and (hide_pairs or relation == question.relation)
    if forward and _contains(question.hidden, n, receiver):
        return True
    backward = receiver == source and (hide_pairs or relation == question.inverse)
    return backward and _contains(question.hidden, n, sender)


# ---- enumeration ---------------------------------------------------------------------


@inlined
def _ordered(bits):
    """Return an integer in the order of the float32 with these bits."""
    return bits ^ ((bits >> 31) & _BITS)


@inlined
def _n_edges(indptr, node):
    return indptr[node + 1] - indptr[node]


@inlined
def _lowest_score(indptr, nodes, scores, n, budget):
    """Return the lowest ordered score with which rows send, and the budget of a row.

    Bisection: the rows from this score on have at most `budget` edges, those with more
    than `budget` left out; if there are none, the rows with the highest score.
    """
    total, top = 0, _ordered(scores[0])
    low = top
    for k in loop(n):
        total += _n_edges(indptr, nodes[k])
        top = max(top, _ordered(scores[k]))
        low = min(low, _ordered(scores[k]))
    if budget == 0 or total <= budget:
        return low, total
    low, high = low - 1, top + 1  # rows from `high` on fit, from `low` on do not
    found = False
    while low + 1 < high:
        middle = (low + high) >> 1
        spent, some = 0, False
        for k in loop(n):
            d = _n_edges(indptr, nodes[k])
            if _ordered(scores[k]) >= middle and d <= budget:
                spent += d
                some = True
        if spent <= budget:
            high = middle
            found = some
        else:
            low = middle
    if not found:
        return top, total
    return high, budget


@kernel
def expand_questions(first, stop, walk, scores, budget, counts):
    """Choose the sending rows of some questions and give rows to new nodes.

    `counts` holds the number of rows of each question, before and after.
    """
    walk = WalkTables(*walk)
    indptr = longs(walk.indptr)
    for b in loop(first, stop):
        question = _question(walk, b)
        start, n = longs(walk.row_ptr)[b], longs(counts)[b]
        senders = after(longs(walk.senders), start)
        own = after(ints(scores), start)
        lowest, most = _lowest_score(indptr, question.node_of, own, n, budget)
        n_senders, size = 0, n
        for k in loop(n):
            u = question.node_of[k]
            if _ordered(own[k]) < lowest or _n_edges(indptr, u) > most:
                continue
            senders[n_senders] = start + k
            n_senders += 1
            for e in loop(indptr[u], indptr[u + 1]):
                v = ints(walk.receivers)[e]
                if question.row_of[v] < 0:
                    r = ints(walk.edge_relations)[e]
                    if not _is_hidden(question, walk.hide_pairs, u, v, r):
                        question.row_of[v] = size
                        question.node_of[size] = v
                        size += 1
        longs(walk.n_senders)[b] = n_senders
        longs(counts)[b] = size


# ---- gated sums ----------------------------------------------------------------------


@inlined
def _gate(key, row, attention, offset, width):
    """Return the gate of an edge in all lanes: sigmoid of its logit."""
    total = splat(0.0)
    for c in loop(0, width, LANES):
        total += load(attention, c) * larger(load(key, c) + load(row, c), 0.0)
    z = larger(splat(sum_lanes(total) + offset), -80.0)
    return 1.0 / (exp(splat(0.0) - z) + 1.0)


@kernel
def sum_paths(first, stop, walk, tables, out):
    """Add the messages of the edges of some questions to their rows of `out`."""
    walk, tables = WalkTables(*walk), PathTables(*tables)
    indptr, A, C = longs(walk.indptr), tables.gate_dim, tables.dim
    attention, offset = floats(tables.attention), floats(tables.offset)[0]
    for b in loop(first, stop):
        question = _question(walk, b)
        table = longs(tables.table_of)[b]
        gates = after(floats(tables.gate_table), table * tables.gate_stride)
        factors = after(floats(tables.value_table), table * tables.value_stride)
        start, to = (
            longs(walk.row_ptr)[b],
            after(floats(out), longs(walk.out_ptr)[b] * C),
        )
        for s in loop(longs(walk.n_senders)[b]):
            p = longs(walk.senders)[start + s]
            u = question.node_of[p - start]
            key = after(floats(tables.key), p * A)
            x = after(floats(tables.value), p * C)
            for e in loop(indptr[u], indptr[u + 1]):
                v, r = ints(walk.receivers)[e], ints(walk.edge_relations)[e]
                if _is_hidden(question, walk.hide_pairs, u, v, r):
                    continue
                w = _gate(key, after(gates, r * A), attention, offset, A)
                m, row = after(factors, r * C), after(to, question.row_of[v] * C)
                for c in loop(0, C, LANES):
                    store(row, c, load(row, c) + w * load(x, c) * load(m, c))


@kernel
def path_gradients(first, stop, walk, tables, dout, gradients):
    """Add the gradients of some questions, those of tables to sums of one block."""
    walk, tables = WalkTables(*walk), PathTables(*tables)
    gradients = PathGradients(*gradients)
    indptr, A, C = longs(walk.indptr), tables.gate_dim, tables.dim
    attention, offset = floats(tables.attention), floats(tables.offset)[0]
    dattention = floats(gradients.attention)
    for b in loop(first, stop):
        question = _question(walk, b)
        table = longs(tables.table_of)[b]
        at, to = table * tables.gate_stride, table * tables.value_stride
        gates, dgates = (
            after(floats(tables.gate_table), at),
            after(floats(gradients.gate_table), at),
        )
        factors, dfactors = (
            after(floats(tables.value_table), to),
            after(floats(gradients.value_table), to),
        )
        start = longs(walk.row_ptr)[b]
        above = after(floats(dout), longs(walk.out_ptr)[b] * C)
        for s in loop(longs(walk.n_senders)[b]):
            p = longs(walk.senders)[start + s]
            u = question.node_of[p - start]
            key, dkey = (
                after(floats(tables.key), p * A),
                after(floats(gradients.key), p * A),
            )
            x, dx = (
                after(floats(tables.value), p * C),
                after(floats(gradients.value), p * C),
            )
            for e in loop(indptr[u], indptr[u + 1]):
                v, r = ints(walk.receivers)[e], ints(walk.edge_relations)[e]
                if _is_hidden(question, walk.hide_pairs, u, v, r):
                    continue
                gate = after(gates, r * A)
                w = _gate(key, gate, attention, offset, A)
                g = after(above, question.row_of[v] * C)
                m, dm = after(factors, r * C), after(dfactors, r * C)
                total = splat(0.0)
                for c in loop(0, C, LANES):
                    gx, gm = load(g, c) * load(x, c), load(g, c) * load(m, c)
                    total += gx * load(m, c)
                    store(dx, c, load(dx, c) + w * gm)
                    store(dm, c, load(dm, c) + w * gx)
                dz = splat(sum_lanes(total)) * w * (1.0 - w)
                dgate = after(dgates, r * A)
                for c in loop(0, A, LANES):
                    y = load(key, c) + load(gate, c)
                    own = load(dattention, c) + dz * larger(y, 0.0)
                    store(dattention, c, own)
                    dy = select_above(y, dz * load(attention, c), splat(0.0))
                    store(dkey, c, load(dkey, c) + dy)
                    store(dgate, c, load(dgate, c) + dy)
                store(dattention, A, load(dattention, A) + dz)  # of the offset
