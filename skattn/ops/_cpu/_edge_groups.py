"""Operations on groups of up to 32 edges: several CSR rows, or a part of a long one.

Operations per edge (score, exponential, dropout) run on a whole group, which fills SIMD
lanes even where rows are short; operations per row follow, row by row.

In buffers, an edge has `slots` numbers: one per head, padded to a power of two or a
multiple of eight, so that lanes that start at an edge's first head hold heads of one
edge or all heads of several edges. Lanes may be written beyond the end of a row or
edge: the next one is written later, and buffers have room after the last.
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from skattn.ops._cpu import _lanes as lanes
from skattn.ops._cpu import _memory as memory
from skattn.ops._cpu._compiler import inlined, loop
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
    store,
    store_first,
)
from skattn.ops._cpu._passes import AHEAD, CHUNK
from skattn.ops._cpu._records import EdgeGroup, Inputs, Sizes, Workspace
from skattn.ops._random import GOLDEN

f32, f64, u32, i64 = np.float32, np.float64, np.uint32, np.int64

SPILL = 256  # edges summed in float32 before the sum is added to a float64 sum
ROOM = CHUNK + LANES  # edges that a buffer has room for
LINE = 16  # float32 numbers of a cache line
LOWEST = -1e30  # score of an edge that is left out: its exponential is 0

# ---- buffers -------------------------------------------------------------------------


@inlined
def _row_size(sizes, shape):
    of_score = shape.heads * shape.step
    widest = max(sizes.sums * max(sizes.step, sizes.features), of_score)
    return widest + LANES


def workspace_size(sizes, shape):
    """Return the number of bytes of a workspace, which must be zero on entry."""
    row, slots = _row_size.py_func(sizes, shape), sizes.slots
    doubled = 28 * ROOM + 8 * AHEAD + 16 * row + 8 * slots
    return doubled + 4 * (7 * slots * ROOM + 3 * row + slots + LANES)


@inlined
def workspace_at(work, sizes, shape):
    """Lay out a workspace; shape = (heads, width, step) of the score."""
    row, size = _row_size(sizes, shape), sizes.slots * ROOM
    edge_rows, edge_words = longs(work), ints(work + 24 * ROOM + 8 * AHEAD)
    sums = doubles(work + 28 * ROOM + 8 * AHEAD)
    start = work + 28 * ROOM + 8 * AHEAD + 16 * row + 8 * sizes.slots
    s, words = floats(start), ints(start + 24 * size)
    rows, head_words = after(s, 7 * size), ints(start + 28 * size + 12 * row)
    for h in loop(sizes.slots):  # second sums drop the same weights
        head_words[h] = u32(h % sizes.heads * GOLDEN)
    return Workspace(
        edge_rows, after(edge_rows, ROOM), after(edge_rows, 2 * ROOM + AHEAD),
        edge_words, words,
        s, after(s, size), after(s, 2 * size), after(s, 3 * size),
        rows, after(rows, row), after(rows, 2 * row),
        after(s, 4 * size), after(s, 5 * size),
        sums, after(sums, row), after(sums, 2 * row), head_words,
        start + 28 * size + 12 * row + 4 * (sizes.slots + LANES),
    )  # fmt: skip


@inlined
def clear(x, n):
    """Set n numbers to 0."""
    for k in loop(0, n, LANES):
        store(x, k, splat(0.0))


@inlined
def write(x, shape, table, i):
    """Write x, with `step` numbers per head, to row i of a table."""
    heads, width, step = shape.heads, shape.width, shape.step
    to = after(table, i * heads * width)
    for h in loop(heads):
        for c in loop(0, width, LANES):
            store_first(to, h * width + c, load(x, h * step + c), width - c)


@inlined
def as_records(call):
    """Return (score, sizes, inputs) as records; Python passes plain tuples."""
    score, sizes, inputs = call
    return score, Sizes(*sizes), Inputs(*inputs)


# ---- groups of edges -----------------------------------------------------------------


@inlined
def start_blocks(rows, first, stop):
    """Return cuts, indptr, the first row, and the range of edges of some blocks."""
    cuts, indptr = longs(rows.cuts), longs(rows.indptr)
    i = cuts[first]
    return cuts, indptr, i, indptr[i], indptr[cuts[stop]]


@inlined
def next_group(rows, i, begin, high, ahead, stop, workspace):
    """Load the edges of the next group: rows from i on, or a part of row i."""
    group = _cut_group(longs(rows.indptr), i, begin, high)
    load_edges(rows, group, ahead, stop, workspace)
    return group


@inlined
def _cut_group(indptr, i, begin, high):
    k = i + 1
    if indptr[k] - begin > CHUNK:
        return EdgeGroup(i, k, begin, begin + CHUNK)
    while k < high and k - i < CHUNK and indptr[k + 1] - begin <= CHUNK:
        k += 1
    return EdgeGroup(i, k, begin, indptr[k])


@inlined
def row_span(indptr, group, r):
    """Return a row's start and length in a group, and whether the row starts there."""
    start = max(indptr[r] - group.begin, 0)
    stop = min(indptr[r + 1], group.end) - group.begin
    return start, stop - start, indptr[r] >= group.begin


@inlined
def load_edges(rows, group, ahead, stop, workspace):
    """Load row, other end and index of every edge; pad with those of the last edge.

    `stop` is the end of the edges of all groups.
    """
    n = group.end - group.begin
    for r in loop(group.i, group.k):
        start, m, _ = row_span(longs(rows.indptr), group, r)
        for e in loop(start, start + m, LANES):
            memory.store_long(workspace.edge_rows, e, r)
    known = min(n + ahead, stop - group.begin)
    _load_indices(rows.others, rows.wide, group.begin, known, workspace.others)
    if rows.numbers:
        _load_indices(rows.numbers, rows.wide, group.begin, n, workspace.numbers)
    else:
        for e in loop(n):
            workspace.numbers[e] = group.begin + e
    last = max(n - 1, 0)
    memory.store_long(workspace.edge_rows, n, workspace.edge_rows[last])
    for e in loop(known, n + ahead + 1, LANES):
        memory.store_long(workspace.others, e, workspace.others[max(known - 1, 0)])
    memory.store_long(workspace.numbers, n, workspace.numbers[last])


@inlined
def _load_indices(address, wide, begin, n, to):
    if wide:
        for e in loop(n):
            to[e] = longs(address)[begin + e]
    else:
        for e in loop(n):
            to[e] = i64(ints(address)[begin + e])


@inlined
def copy_row(x, start, n, slots, w):
    """Copy the values per head of a row's n edges to w, padded with zeros."""
    x = after(x, start * slots)
    for k in loop(0, (n + 3) // 4 * 4 * slots, LANES):
        store(w, k, lanes.first(n * slots - k, load(x, k), 0.0))


@inlined
def gather_heads(table, stride, numbers, n, sizes, to):
    """Gather one number per head for every edge, from rows of a table."""
    H = sizes.heads
    for e in loop(n):
        row = after(table, numbers[e] * stride)
        for h in loop(0, H, LANES):
            store(to, e * sizes.slots + h, load_first(row, h, H - h))


@inlined
def drop_weights(x, sizes, n, drop, workspace):
    """Apply dropout to the weights of the n edges of a group."""
    for e in loop(0, n, LANES):
        words = lanes.xor(memory.low_words(workspace.numbers, e), drop.low)
        store(workspace.edge_words, e, lanes.hashed(words, 0))
    for e in loop(n):
        base = u32(workspace.edge_words[e]) + u32(drop.high)
        for h in loop(0, sizes.slots, LANES):
            words = lanes.plus(memory.load_words(workspace.head_words, h), base)
            store(workspace.words, e * sizes.slots + h, words)
    for k in loop(0, n * sizes.slots, LANES):
        words = lanes.hashed(memory.load_words(workspace.words, k), 0)
        store(x, k, load(x, k) * lanes.dropout_scale(words, drop.threshold, drop.scale))


# ---- rows of tables ------------------------------------------------------------------


@inlined
def prefetch_rows(table, stride, others, e, n, ahead):
    """Prefetch the table rows of n edges from e + ahead on; nothing if ahead is 0.

    Only the first use of a table in a group prefetches; later ones find it in L2.
    """
    if ahead:
        for q in loop(e + ahead, e + ahead + n):
            row = after(table, others[q] * stride)
            for k in loop(0, stride, LINE):
                memory.prefetch(row, k)


@inlined
def row_offsets(numbers, e, stride, heads, together):
    """Return four offsets: heads of one edge's row, or one head of four edges' rows."""
    if together:
        return memory.same_offset(numbers[e] * stride) + heads
    return memory.offsets_of(after(numbers, e), stride) + heads


@inlined
def multiply(row_table, gathered, strides, sizes, n, workspace, to):
    """Write the dot product of both ends' table rows, per edge and head.

    strides = (numbers between heads in row_table, in gathered).
    """
    H, slots, C = sizes.heads, sizes.slots, sizes.step
    stride_i, stride_j = strides
    together = H > 2  # else rows of a tile would repeat
    edges = 1 if together else 4
    for e in loop(0, n, edges):
        prefetch_rows(gathered, H * stride_j, workspace.others, e, edges, sizes.ahead)
        for h in loop(0, H, 4 if together else 1):
            i = memory.same_offset(h * stride_i)
            j = memory.same_offset(h * stride_j)
            if together:
                i, j = (
                    memory.head_offsets(h, H, stride_i),
                    memory.head_offsets(h, H, stride_j),
                )
            i = row_offsets(workspace.edge_rows, e, H * stride_i, i, together)
            j = row_offsets(workspace.others, e, H * stride_j, j, together)
            acc = lanes.zeros()
            for c in loop(0, C, LANES):
                acc += memory.load_rows(row_table, i, c) * memory.load_rows(
                    gathered, j, c
                )
            to_next = 1 if together else slots
            memory.store_quad(to, e * slots + h, to_next, lanes.sum_rows(acc))


@inlined
def four_rows(table, others, e, n, stride):
    """Return the rows of four edges; the last one repeats if there are fewer."""
    return (
        after(table, i64(others[e]) * stride),
        after(table, i64(others[min(e + 1, n - 1)]) * stride),
        after(table, i64(others[min(e + 2, n - 1)]) * stride),
        after(table, i64(others[min(e + 3, n - 1)]) * stride),
    )


@inlined
def weighted_sum(w, slots, others, n, table, shape, ahead, o):
    """Add to o[h] the sum over e of w[e, h] * table[others[e], h].

    shape = (heads, numbers between heads in the table, numbers summed per head).
    """
    H, columns, C = shape
    stride = H * columns
    for e in loop(0, n, 4):
        r0, r1, r2, r3 = four_rows(table, others, e, n, stride)
        prefetch_rows(table, stride, others, e, 4, ahead)
        for h in loop(H):
            at = after(w, e * slots + h)
            w0, w1 = splat(at[0]), splat(at[slots])
            w2, w3 = splat(at[2 * slots]), splat(at[3 * slots])
            for c in loop(0, C, LANES):
                k = h * columns + c
                acc = load(o, h * C + c) + w0 * load(r0, k) + w1 * load(r1, k)
                store(o, h * C + c, acc + w2 * load(r2, k) + w3 * load(r3, k))


@inlined
def add_multiples(w, slots, others, n, row, shape, table):
    """Add w[e, h] * row[h] to head h of the table's row of each of n edges.

    shape = (heads, numbers between heads in the row, in the table).
    """
    H, columns, C = shape
    for e in loop(n):
        to, at = after(table, others[e] * H * C), after(w, e * slots)
        for h in loop(H):
            x = splat(at[h])
            for c in loop(0, C, LANES):
                k = h * C + c
                store(to, k, load(to, k) + x * load(row, h * columns + c))


# ---- sums of long rows ---------------------------------------------------------------


@inlined
def carry_sums(indptr, r, end, x, n, sums):
    """Return whether a row ends here; sum long rows in float64."""
    done = indptr[r + 1] <= end
    if done and indptr[r + 1] - indptr[r] >= SPILL:
        for k in loop(n):
            x[k] = f32(sums[k] + f64(x[k]))
            sums[k] = 0.0
    elif not done and (end - indptr[r]) % SPILL == 0:
        spill(x, n, sums)
    return done


@inlined
def spill(x, n, sums):
    """Add float32 partial sums to float64 sums, and clear them."""
    for k in loop(n):
        sums[k] += f64(x[k])
        x[k] = f32(0)


@inlined
def scale(factor, start, n, x, sums):
    """Scale the float32 and float64 partial sums of a long row."""
    for k in loop(start, start + n):
        x[k] *= factor
        sums[k] *= f64(factor)
