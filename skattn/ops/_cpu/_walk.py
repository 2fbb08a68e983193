"""A walk over the rows of a CSR, up to 32 edges at a time.

Operations on single edges (a score, its exponential, a random number) run on a group of
edges at once: whole rows, or a part of a long one. They fill whole vectors although
molecules have three edges per row. Operations on rows follow, row by row.

In buffers an edge takes `slots` numbers, its heads and gaps that make them a power of
two or a multiple of eight: lanes that start at an edge's first head hold heads of one
edge, or all heads of several edges. Lanes may be written over the end of a row or edge:
the following one is written later, and buffers have room behind the last.
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

import numpy as np

from skattn.ops._cpu import _lanes as lanes
from skattn.ops._cpu import _memory as memory
from skattn.ops._cpu._compiler import loop, part
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
from skattn.ops._cpu._records import Group, Inputs, Sizes, Workspace
from skattn.ops._cpu._walk_plan import AHEAD, CHUNK
from skattn.ops._random import GOLDEN

f32, f64, u32, i64 = np.float32, np.float64, np.uint32, np.int64

SPILL = 256  # edges summed in float32 before their sum moves on to float64
ROOM = CHUNK + LANES  # edges that a buffer has room for
LINE = 16  # numbers that the memory delivers together
LOWEST = -1e30  # of scores: its power is 0 beside any other

# ---- buffers -------------------------------------------------------------------------


@part
def _row_size(sizes, shape):
    of_score = shape.heads * shape.step
    widest = max(sizes.sums * max(sizes.step, sizes.features), of_score)
    return widest + LANES


def workspace_size(sizes, shape):
    """Return the number of bytes that `workspace_at` lays out; zero on entry."""
    row, slots = _row_size.py_func(sizes, shape), sizes.slots
    doubled = 28 * ROOM + 8 * AHEAD + 16 * row + 8 * slots
    return doubled + 4 * (7 * slots * ROOM + 3 * row + slots + LANES)


@part
def workspace_at(work, sizes, shape):
    """Lay out the buffers of a walk; shape = (heads, width, step) of the score."""
    row, size = _row_size(sizes, shape), sizes.slots * ROOM
    walked, edge_words = longs(work), ints(work + 24 * ROOM + 8 * AHEAD)
    sums = doubles(work + 28 * ROOM + 8 * AHEAD)
    start = work + 28 * ROOM + 8 * AHEAD + 16 * row + 8 * sizes.slots
    s, words = floats(start), ints(start + 24 * size)
    rows, head_words = after(s, 7 * size), ints(start + 28 * size + 12 * row)
    for h in loop(sizes.slots):  # both sums of a head drop the same weights
        head_words[h] = u32(h % sizes.heads * GOLDEN)
    return Workspace(
        walked, after(walked, ROOM), after(walked, 2 * ROOM + AHEAD), edge_words, words,
        s, after(s, size), after(s, 2 * size), after(s, 3 * size),
        rows, after(rows, row), after(rows, 2 * row),
        after(s, 4 * size), after(s, 5 * size),
        sums, after(sums, row), after(sums, 2 * row), head_words,
    )  # fmt: skip


@part
def clear(x, n):
    """Set n numbers to 0."""
    for k in loop(0, n, LANES):
        store(x, k, splat(0.0))


@part
def write(x, shape, table, i):
    """Write row i of a table; x has `step` numbers per head."""
    heads, width, step = shape.heads, shape.width, shape.step
    to = after(table, i * heads * width)
    for h in loop(heads):
        for c in loop(0, width, LANES):
            store_first(to, h * width + c, load(x, h * step + c), width - c)


@part
def named(call):
    """Return (score, sizes, inputs) with names: they cross from Python without."""
    score, sizes, inputs = call
    return score, Sizes(*sizes), Inputs(*inputs)


# ---- groups of edges -----------------------------------------------------------------


@part
def start_of(rows, first, stop):
    """Return cuts, indptr, and the first row and edge range of some blocks."""
    cuts, indptr = longs(rows.cuts), longs(rows.indptr)
    i = cuts[first]
    return cuts, indptr, i, indptr[i], indptr[cuts[stop]]


@part
def next_group(rows, i, begin, high, ahead, stop, workspace):
    """Select whole rows from i on, or a part of a long row i, and load their edges."""
    group = _cut_group(longs(rows.indptr), i, begin, high)
    load_edges(rows, group, ahead, stop, workspace)
    return group


@part
def _cut_group(indptr, i, begin, high):
    k = i + 1
    if indptr[k] - begin > CHUNK:
        return Group(i, k, begin, begin + CHUNK)
    while k < high and k - i < CHUNK and indptr[k + 1] - begin <= CHUNK:
        k += 1
    return Group(i, k, begin, indptr[k])


@part
def row_span(indptr, group, r):
    """Return a row's start in a group, its number of edges, and whether it begins."""
    start = max(indptr[r] - group.begin, 0)
    stop = min(indptr[r + 1], group.end) - group.begin
    return start, stop - start, indptr[r] >= group.begin


@part
def load_edges(rows, group, ahead, stop, workspace):
    """Load both ends and the number of every edge; behind the last, the last again.

    `stop` is where the edges of all groups end.
    """
    n = group.end - group.begin
    for r in loop(group.i, group.k):
        start, m, _ = row_span(longs(rows.indptr), group, r)
        for e in loop(start, start + m, LANES):
            memory.store_long(workspace.walked, e, r)
    known = min(n + ahead, stop - group.begin)
    _load_indices(rows.others, rows.wide, group.begin, known, workspace.others)
    if rows.numbers:
        _load_indices(rows.numbers, rows.wide, group.begin, n, workspace.numbers)
    else:
        for e in loop(n):
            workspace.numbers[e] = group.begin + e
    last = max(n - 1, 0)
    memory.store_long(workspace.walked, n, workspace.walked[last])
    for e in loop(known, n + ahead + 1, LANES):
        memory.store_long(workspace.others, e, workspace.others[max(known - 1, 0)])
    memory.store_long(workspace.numbers, n, workspace.numbers[last])


@part
def _load_indices(address, wide, begin, n, to):
    if wide:
        for e in loop(n):
            to[e] = longs(address)[begin + e]
    else:
        for e in loop(n):
            to[e] = i64(ints(address)[begin + e])


@part
def copy_row(x, start, n, slots, w):
    """Copy the numbers of a row's n edges out of a group's, zeros behind them."""
    x = after(x, start * slots)
    for k in loop(0, (n + 3) // 4 * 4 * slots, LANES):
        store(w, k, lanes.first(n * slots - k, load(x, k), 0.0))


@part
def gather_heads(table, stride, numbers, n, sizes, to):
    """Gather a number per head from the table's row of every edge."""
    H = sizes.heads
    for e in loop(n):
        row = after(table, numbers[e] * stride)
        for h in loop(0, H, LANES):
            store(to, e * sizes.slots + h, load_first(row, h, H - h))


@part
def drop_weights(x, sizes, n, drop, workspace):
    """Set to 0 or scale the numbers of edges."""
    for e in loop(0, n, LANES):
        words = lanes.xor(memory.low_words(workspace.numbers, e), drop.low)
        store(workspace.edge_words, e, lanes.mixed(words, 0))
    for e in loop(n):
        base = u32(workspace.edge_words[e]) + u32(drop.high)
        for h in loop(0, sizes.slots, LANES):
            words = lanes.plus(memory.load_words(workspace.head_words, h), base)
            store(workspace.words, e * sizes.slots + h, words)
    for k in loop(0, n * sizes.slots, LANES):
        words = lanes.mixed(memory.load_words(workspace.words, k), 0)
        store(x, k, load(x, k) * lanes.kept(words, drop.threshold, drop.scale))


# ---- rows of tables ------------------------------------------------------------------


@part
def prefetch_rows(table, stride, others, e, n, ahead):
    """Prefetch the rows of n edges, `ahead` edges behind edge e; not if that is 0.

    The first pass over a table prefetches; later ones find its rows in L2.
    """
    if ahead:
        for q in loop(e + ahead, e + ahead + n):
            row = after(table, others[q] * stride)
            for k in loop(0, stride, LINE):
                memory.prefetch(row, k)


@part
def row_offsets(numbers, e, stride, heads, together):
    """Return four offsets: heads of one edge's row, or one head of four edges' rows."""
    if together:
        return memory.same_offset(numbers[e] * stride) + heads
    return memory.offsets_of(after(numbers, e), stride) + heads


@part
def multiply(walked, gathered, strides, sizes, n, workspace, to):
    """Multiply, head by head, the rows for the walked and the other end of every edge.

    strides = (numbers from head to head in the table of walked, in that of gathered).
    """
    H, slots, C = sizes.heads, sizes.slots, sizes.step
    apart_i, apart_j = strides
    together = H > 2  # else a tile's rows would be the same
    edges = 1 if together else 4
    for e in loop(0, n, edges):
        prefetch_rows(gathered, H * apart_j, workspace.others, e, edges, sizes.ahead)
        for h in loop(0, H, 4 if together else 1):
            i = memory.same_offset(h * apart_i)
            j = memory.same_offset(h * apart_j)
            if together:
                i, j = (
                    memory.head_offsets(h, H, apart_i),
                    memory.head_offsets(h, H, apart_j),
                )
            i = row_offsets(workspace.walked, e, H * apart_i, i, together)
            j = row_offsets(workspace.others, e, H * apart_j, j, together)
            acc = lanes.zeros()
            for c in loop(0, C, LANES):
                acc += memory.load_rows(walked, i, c) * memory.load_rows(gathered, j, c)
            to_next = 1 if together else slots
            memory.store_quad(to, e * slots + h, to_next, lanes.total(acc))


@part
def four_rows(table, others, e, n, stride):
    """Return the rows of four edges, the last one again where there are less."""
    return (
        after(table, others[e] * stride),
        after(table, others[min(e + 1, n - 1)] * stride),
        after(table, others[min(e + 2, n - 1)] * stride),
        after(table, others[min(e + 3, n - 1)] * stride),
    )


@part
def weighted_sum(w, slots, others, n, table, shape, ahead, o):
    """Add to o[h] the sum over e of w[e, h] * table[others[e], h].

    shape = (heads, columns between them in the table, whole lanes to be summed).
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


@part
def add_multiples(w, slots, others, n, row, shape, table):
    """Add w[e, h] * row[h] to head h of the table's row of each of n edges.

    shape = (heads, numbers from head to head in the row, in the table).
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


@part
def carry_sums(indptr, r, end, x, n, sums):
    """Return whether a row ends here; keep or finish a long one's sums in float64."""
    done = indptr[r + 1] <= end
    if done and indptr[r + 1] - indptr[r] >= SPILL:
        for k in loop(n):
            x[k] = f32(sums[k] + f64(x[k]))
            sums[k] = 0.0
    elif not done and (end - indptr[r]) % SPILL == 0:
        spill(x, n, sums)
    return done


@part
def spill(x, n, sums):
    """Move partial sums in float32 to sums in float64."""
    for k in loop(n):
        sums[k] += f64(x[k])
        x[k] = f32(0)


@part
def scale(factor, start, n, x, sums):
    """Scale the partial sums of a long row, in float32 and in float64."""
    for k in loop(start, start + n):
        x[k] *= factor
        sums[k] *= f64(factor)
