"""Rows of edges with types: a sender's table row plus the vector of the edge's type.

They are made for the edges of a group, in the workspace, where the kernels of edges
without types read them: edge `e` of the group has row `e`. In the backward pass, the
gradients of these rows replace them, and are added to those of senders and of types.
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

from numba.extending import overload

from skattn.ops._cpu import _edge_groups as groups
from skattn.ops._cpu._compiler import INLINED, inlined, loop
from skattn.ops._cpu._edge_groups import LINE, ROOM, SPILL, i64, row_span, spill
from skattn.ops._cpu._lanes import splat
from skattn.ops._cpu._layout import LANES
from skattn.ops._cpu._memory import (
    after,
    doubles,
    floats,
    ints,
    load,
    load_first,
    longs,
    prefetch,
    store,
    store_first,
)
from skattn.ops._cpu._passes import AHEAD
from skattn.ops._cpu._records import HeadShape, Inputs, Sizes, Typed, TypeSums
from skattn.ops._cpu._score_kernels import edge_gradients, with_tables

__all__ = ["gather_own", "gather_senders", "sum_typed_senders", "typed_room"]


def typed_room(shape, value_row):
    """Return the number of bytes of the rows of a group, and of their types.

    shape = (heads, width, step) of the score; `value_row`: numbers of a row of values.
    """
    return 4 * (ROOM + ROOM * (shape.heads * shape.step + value_row) + 2 * LANES)


def gather_senders(call, with_values, n, workspace):
    """Return the call with the rows of edges in place of those of their senders."""


def gather_own(call, rows, group, stop, workspace):
    """Return the call, of rows by sender, with the rows of edges in their place."""


def is_typed(call):
    """Return whether a call, as numba types, is of edges with types."""
    return getattr(call.types[0], "instance_class", None) is Typed


@overload(gather_senders, jit_options=INLINED)
def _choose_gather_senders(call, with_values, n, workspace):
    if is_typed(call):
        return _gather_senders
    return lambda call, with_values, n, workspace: call


@overload(gather_own, jit_options=INLINED)
def _choose_gather_own(call, rows, group, stop, workspace):
    if is_typed(call):
        return _gather_own
    return lambda call, rows, group, stop, workspace: call


def _gather_senders(call, with_values, n, workspace):
    typed, sizes, inputs = call
    score, others = typed.score, workspace.others
    rows, value = _gather(call, score.gathered, others, with_values, n, workspace)
    _write_places(others, n)
    near = with_tables(score, score.row_table, rows)
    return near, _without_prefetch(sizes), _with_value(inputs, value)


def _gather_own(call, rows, group, stop, workspace):
    typed, sizes, inputs = call
    score, own, n = typed.score, workspace.edge_rows, group.end - group.begin
    _prefetch_types(typed.types, rows, group.end, stop)
    still = typed, _without_prefetch(sizes), inputs
    table, value = _gather(still, score.row_table, own, True, n, workspace)
    _write_places(own, n)
    near = with_tables(score, table, score.gathered)
    return near, sizes, _with_value(inputs, value)


@inlined
def _prefetch_types(types, rows, begin, stop):
    """Prefetch the types of the next edges by sender, which lie far apart."""
    end = min(begin + AHEAD, stop)
    if rows.wide:
        for e in loop(begin, end):
            prefetch(ints(types), longs(rows.numbers)[e])
    else:
        for e in loop(begin, end):
            prefetch(ints(types), i64(ints(rows.numbers)[e]))


@inlined
def _gather(call, table, numbers, with_values, n, workspace):
    """Write the rows of the edges; return the addresses of those of keys and values."""
    typed, sizes, inputs = call
    types, rows, values = _room(typed, workspace)
    for e in loop(n):
        types[e] = ints(typed.types)[workspace.numbers[e]]
    width = typed.heads * typed.step
    _add_vectors(table, numbers, typed.key, types, (n, width, sizes.ahead), rows)
    if typed.value and with_values:
        width = sizes.heads * sizes.step
        given = n, width, sizes.ahead
        _add_vectors(inputs.value, numbers, typed.value, types, given, values)
    return rows, values


@inlined
def _room(typed, workspace):
    """Return the types of the edges, and the addresses of rows of keys and values."""
    rows = workspace.room + 4 * ROOM
    values = rows
    if typed.value:
        values = rows + 4 * (ROOM * typed.heads * typed.step + LANES)
    return ints(workspace.room), rows, values


@inlined
def _add_vectors(table, numbers, vectors, types, given, to):
    """Write the sums of a table's row and a vector; given = (edges, width, ahead).

    Four edges at a time, the last ones repeated: their rows are padding.
    """
    n, width, ahead = given
    table, vectors, whole = floats(table), floats(vectors), width - width % LANES
    for e in loop(0, n, 4):
        groups.prefetch_rows(table, width, numbers, e, 4, ahead)
        r0, r1, r2, r3 = groups.four_rows(table, numbers, e, n, width)
        t0, t1, t2, t3 = groups.four_rows(vectors, types, e, n, width)
        own = after(floats(to), e * width)
        own1, own2 = after(own, width), after(own, 2 * width)
        own3 = after(own, 3 * width)
        for k in loop(0, whole, LANES):
            store(own, k, load(r0, k) + load(t0, k))
            store(own1, k, load(r1, k) + load(t1, k))
            store(own2, k, load(r2, k) + load(t2, k))
            store(own3, k, load(r3, k) + load(t3, k))
        if whole < width:
            _add_last(r0, t0, whole, width - whole, own)
            _add_last(r1, t1, whole, width - whole, own1)
            _add_last(r2, t2, whole, width - whole, own2)
            _add_last(r3, t3, whole, width - whole, own3)


@inlined
def _add_last(row, vector, start, n, to):
    """Write the sums of the last numbers of a row and of a vector."""
    store_first(to, start, load_first(row, start, n) + load_first(vector, start, n), n)


@inlined
def _write_places(numbers, n):
    """Write the edges' places in the group; the last one repeats as padding."""
    for e in loop(ROOM):
        numbers[e] = max(min(e, n - 1), 0)


@inlined
def _without_prefetch(sizes):
    heads, sums, slots, width, step, features, columns, _ = sizes
    return Sizes(heads, sums, slots, width, step, features, columns, 0)


@inlined
def _with_value(inputs, value):
    _, bias, edge_features, offset, threshold, low, high, scale = inputs
    return Inputs(value, bias, edge_features, offset, threshold, low, high, scale)


# ---- gradients -----------------------------------------------------------------------


def sum_typed_senders(rows, group, calls, dout, block, workspace, grads):
    """Add the gradients of the rows of edges to those of senders and of types."""
    (typed, sizes, _), (score, _, _) = calls
    n, indptr = group.end - group.begin, longs(rows.indptr)
    g, o, others = workspace.g, workspace.o, workspace.others
    width, value_width = typed.heads * typed.step, 0
    sums = TypeSums(*grads.of_types)
    first = block // sums.span * sums.n_types
    _prefetch_sums(ints(workspace.room), n, first, sums)
    edge_gradients(score, others, n, sizes.slots, workspace.t, workspace.d)
    if typed.value:
        value_width = sizes.heads * sizes.step
    for r in loop(group.i, group.k):
        start, m, is_fresh = row_span(indptr, group, r)
        if is_fresh:
            groups.clear(g, width)
            groups.clear(o, value_width)
        for e in loop(start, start + m):
            _add_edge(typed, sizes, e, dout, first, sums, workspace)
        if value_width and groups.carry_sums(
            indptr, r, group.end, o, value_width, workspace.o_sums
        ):
            shape = HeadShape(sizes.heads, sizes.width, sizes.step)
            groups.write(o, shape, floats(grads.dvalue), r)
        if groups.carry_sums(indptr, r, group.end, g, width, workspace.g_sums):
            groups.write(g, typed, floats(grads.dkey), r)


@inlined
def _prefetch_sums(types, n, first, sums):
    """Prefetch the sums of the types of a group: those of rare types lie far away."""
    for e in loop(n):
        row = after(floats(sums.rest), (first + i64(types[e])) * sums.width)
        for k in loop(0, sums.width, LINE):
            prefetch(row, k)


@inlined
def _add_edge(typed, sizes, e, dout, first, sums, workspace):
    """Add the gradients of an edge's rows to the sums of its sender and its type.

    After `SPILL` edges of a type, its float32 sums are added to float64 sums.
    """
    types, keys, _ = _room(typed, workspace)
    H, C, columns = sizes.heads, sizes.step, sizes.columns
    r, width = first + i64(types[e]), typed.heads * typed.step
    rest, row = after(floats(sums.rest), r * sums.width), after(floats(keys), e * width)
    at = after(workspace.s, e * sizes.slots)
    message = after(dout, workspace.others[e] * H * columns)
    if typed.value:
        _add_to_both(row, width, workspace.g, rest)
        to = after(rest, sums.width - H * C)
        for h in loop(H):
            w = splat(at[h])
            for c in loop(0, C, LANES):
                x, k = w * load(message, h * columns + c), h * C + c
                store(to, k, load(to, k) + x)
                store(workspace.o, k, load(workspace.o, k) + x)
    else:
        for h in loop(H):
            w = splat(at[h])
            for c in loop(0, C, LANES):
                k = h * C + c
                x = w * load(message, h * columns + c) + load(row, k)
                store(rest, k, load(rest, k) + x)
                store(workspace.g, k, load(workspace.g, k) + x)
    longs(sums.counts)[r] += 1
    if longs(sums.counts)[r] % SPILL == 0:
        spill(rest, sums.width, after(doubles(sums.sums), r * sums.width))


@inlined
def _add_to_both(row, width, g, rest):
    for k in loop(0, width, LANES):
        x = load(row, k)
        store(g, k, load(g, k) + x)
        store(rest, k, load(rest, k) + x)
