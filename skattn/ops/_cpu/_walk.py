"""A walk over the rows of a CSR, up to 32 edges at a time.

What is done to every edge alone (a score, its power, a random number) is done to a
group of edges at once: whole rows, or a part of a long one. So it fills whole vectors
though molecules have three edges per row. What is done to rows follows, row by row.

In buffers an edge takes `slots` numbers, its heads and gaps that make them a power of
two or a multiple of eight: lanes that start at an edge's first head hold heads of one
edge, or all heads of several edges. Lanes may be written over the end of a row or edge;
what follows is written later, and behind the last there is room.
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

from collections import namedtuple

import numpy as np

from skattn.ops._cpu import _lanes as lanes
from skattn.ops._cpu import _memory as memory
from skattn.ops._cpu._compiler import loop, part
from skattn.ops._cpu._lanes import WIDTH as LANES
from skattn.ops._cpu._lanes import splat
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

f32, f64, u32, i64 = np.float32, np.float64, np.uint32, np.int64

CHUNK = 32  # edges of a group: 32 rows of 1 KB stay in L2 from one pass to the next
SPILL = 256  # edges summed in float32 before their sum moves on to float64: the error
#              at a receiver of 10^4 edges is 6e-7, summed straight on 5e-6
ROOM = CHUNK + LANES  # edges that a buffer has room for
AHEAD = CHUNK  # how many edges before it is read a row is asked for: a group
LINE = 16  # numbers that the memory delivers together
GOLDEN = 0x9E3779B9
LOWEST = -1e30  # of scores: its power is 0 beside any other

# Addresses; `numbers` is 0 where an edge's number is its position, `wide` says whether
# others and numbers are int64.
Rows = namedtuple("Rows", "cuts indptr others numbers wide")
# `sums` are as many as heads, or twice as many where forward sums every head's values
# two ways. `step` is a head's width in whole lanes, `columns` that of one in dout.
# `ahead` is 0 where tables lie in the cache and nothing is to be asked for, else AHEAD.
Sizes = namedtuple("Sizes", "heads sums slots width step features columns ahead")
# Rows i to k, edges begin to end.
Group = namedtuple("Group", "i k begin end")
# Of every edge the number, of both ends and its own, and a word; of its slots a word
# and four numbers; of a row three sums; of its slots two numbers; three in float64; of
# slots a word. `others` goes on for AHEAD edges behind the group.
Desk = namedtuple(
    "Desk",
    "mine others numbers bases words s t u w o g d top z o_sums g_sums z_sums turns",
)

# ---- buffers -------------------------------------------------------------------------


@part
def _row_size(sizes, shape):
    widest = max(sizes.sums * max(sizes.step, sizes.features), shape[0] * shape[2])
    return widest + LANES


def desk_size(sizes, shape):
    """Return how many bytes `desk_of` lays out; all of them zero to begin with."""
    row, slots = _row_size.py_func(sizes, shape), sizes.slots
    doubled = 28 * ROOM + 8 * AHEAD + 16 * row + 8 * slots
    return doubled + 4 * (7 * slots * ROOM + 3 * row + slots + LANES)


@part
def desk_of(work, sizes, shape):
    """Lay out the buffers of a walk; shape = (heads, width, step) of the score."""
    row, size = _row_size(sizes, shape), sizes.slots * ROOM
    mine, bases = longs(work), ints(work + 24 * ROOM + 8 * AHEAD)
    sums = doubles(work + 28 * ROOM + 8 * AHEAD)
    start = work + 28 * ROOM + 8 * AHEAD + 16 * row + 8 * sizes.slots
    s, words = floats(start), ints(start + 24 * size)
    rows, turns = after(s, 7 * size), ints(start + 28 * size + 12 * row)
    for h in loop(sizes.slots):  # both sums of a head drop the same weights
        turns[h] = u32(h % sizes.heads * GOLDEN)
    return Desk(
        mine, after(mine, ROOM), after(mine, 2 * ROOM + AHEAD), bases, words,
        s, after(s, size), after(s, 2 * size), after(s, 3 * size),
        rows, after(rows, row), after(rows, 2 * row),
        after(s, 4 * size), after(s, 5 * size),
        sums, after(sums, row), after(sums, 2 * row), turns,
    )  # fmt: skip


@part
def clear(x, n):
    """Set n numbers to 0."""
    for k in loop(0, n, LANES):
        store(x, k, splat(0.0))


@part
def write(x, shape, table, i):
    """Write row i of a table; x has `step` numbers per head."""
    heads, width, step = shape
    to = after(table, i * heads * width)
    for h in loop(heads):
        for c in loop(0, width, LANES):
            store_first(to, h * width + c, load(x, h * step + c), width - c)


# ---- groups of edges -----------------------------------------------------------------


@part
def start_of(rows, blocks):
    """Return cuts, indptr, the first row of some blocks, and where their edges lie."""
    cuts, indptr = longs(rows.cuts), longs(rows.indptr)
    i = cuts[blocks[0]]
    return cuts, indptr, i, indptr[i], indptr[cuts[blocks[1]]]


@part
def next_group(rows, i, begin, high, ahead, stop, desk):
    """Take whole rows from i on, or a part of row i if that is long; name the edges."""
    group = _cut_group(longs(rows.indptr), i, begin, high)
    name_edges(rows, group, ahead, stop, desk)
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
def span(indptr, group, r):
    """Return where a row starts in a group, how many edges, whether it begins there."""
    start = max(indptr[r] - group.begin, 0)
    stop = min(indptr[r + 1], group.end) - group.begin
    return start, stop - start, indptr[r] >= group.begin


@part
def name_edges(rows, group, ahead, stop, desk):
    """Note both ends and the number of every edge; behind the last, the last again.

    `stop` is where the edges of all groups end.
    """
    n = group.end - group.begin
    for r in loop(group.i, group.k):
        start, m, _ = span(longs(rows.indptr), group, r)
        for e in loop(start, start + m, LANES):
            memory.store_long(desk.mine, e, r)
    known = min(n + ahead, stop - group.begin)
    _note(rows.others, rows.wide, group.begin, known, desk.others)
    if rows.numbers:
        _note(rows.numbers, rows.wide, group.begin, n, desk.numbers)
    else:
        for e in loop(n):
            desk.numbers[e] = group.begin + e
    last = max(n - 1, 0)
    memory.store_long(desk.mine, n, desk.mine[last])
    for e in loop(known, n + ahead + 1, LANES):
        memory.store_long(desk.others, e, desk.others[max(known - 1, 0)])
    memory.store_long(desk.numbers, n, desk.numbers[last])


@part
def _note(address, wide, begin, n, to):
    if wide:
        for e in loop(n):
            to[e] = longs(address)[begin + e]
    else:
        for e in loop(n):
            to[e] = i64(ints(address)[begin + e])


@part
def take(x, start, n, slots, w):
    """Copy the numbers of a row's n edges out of a group's, zeros behind them."""
    x = after(x, start * slots)
    for k in loop(0, (n + 3) // 4 * 4 * slots, LANES):
        store(w, k, lanes.first(n * slots - k, load(x, k), 0.0))


@part
def spread(table, stride, numbers, n, sizes, to):
    """Copy a number per head out of the row of a table that every edge has there."""
    H = sizes.heads
    for e in loop(n):
        row = after(table, numbers[e] * stride)
        for h in loop(0, H, LANES):
            store(to, e * sizes.slots + h, load_first(row, h, H - h))


@part
def drop_weights(x, sizes, n, drop, desk):
    """Set to 0 or scale the numbers of edges; drop = (threshold, low, high, scale)."""
    for e in loop(0, n, LANES):
        words = lanes.xor(memory.low_words(desk.numbers, e), drop[1])
        store(desk.bases, e, lanes.mixed(words, 0))
    for e in loop(n):
        base = u32(desk.bases[e]) + u32(drop[2])
        for h in loop(0, sizes.slots, LANES):
            words = lanes.plus(memory.load_words(desk.turns, h), base)
            store(desk.words, e * sizes.slots + h, words)
    for k in loop(0, n * sizes.slots, LANES):
        words = lanes.mixed(memory.load_words(desk.words, k), 0)
        store(x, k, load(x, k) * lanes.kept(words, drop[0], drop[3]))


# ---- rows of tables ------------------------------------------------------------------


@part
def ask(table, stride, others, e, n, ahead):
    """Ask for the rows of n edges, so many behind edge e, if any.

    Whoever reads a table first in a walk asks: who reads it again finds it in L2.
    """
    if ahead:
        for q in loop(e + ahead, e + ahead + n):
            row = after(table, others[q] * stride)
            for k in loop(0, stride, LINE):
                memory.prefetch(row, k)


@part
def places(numbers, e, stride, heads, together):
    """Return four places: heads of one edge's row, or one head of four edges' rows."""
    if together:
        return memory.same(numbers[e] * stride) + heads
    return memory.places(after(numbers, e), stride) + heads


@part
def multiply(mine, theirs, apart, sizes, n, desk, to):
    """Multiply, head by head, the rows for the walked and the other end of every edge.

    apart = (numbers from head to head in the table of mine, in that of theirs).
    """
    H, slots, C = sizes.heads, sizes.slots, sizes.step
    together = H > 2  # else a tile's rows would be the same
    edges = 1 if together else 4
    for e in loop(0, n, edges):
        ask(theirs, H * apart[1], desk.others, e, edges, sizes.ahead)
        for h in loop(0, H, 4 if together else 1):
            i, j = memory.same(h * apart[0]), memory.same(h * apart[1])
            if together:
                i, j = memory.steps(h, H, apart[0]), memory.steps(h, H, apart[1])
            i = places(desk.mine, e, H * apart[0], i, together)
            j = places(desk.others, e, H * apart[1], j, together)
            acc = lanes.zeros()
            for c in loop(0, C, LANES):
                acc += memory.load_rows(mine, i, c) * memory.load_rows(theirs, j, c)
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
        ask(table, stride, others, e, 4, ahead)
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
    """Add w[e, h] * row[h] to head h of the row that each of n edges has in a table.

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
def carry(indptr, r, end, x, n, sums):
    """Say whether a row ends here; keep or finish a long one's sums in float64."""
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
    """Move sums in float32 on to sums in float64."""
    for k in loop(n):
        sums[k] += f64(x[k])
        x[k] = f32(0)


@part
def scale(factor, start, n, x, sums):
    """Scale what was summed of a long row, in float32 and in float64."""
    for k in loop(start, start + n):
        x[k] *= factor
        sums[k] *= f64(factor)
