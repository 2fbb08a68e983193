"""Kernels of the scores: logits and their gradients.

Scores are symmetric in query and key, so that the same functions serve passes by
receiver and by sender: `row_table` is the table of the rows' nodes, `gathered` that of
their neighbours. A score is a record with four overloaded functions, for which numba
specialises the kernels (closures would miss numba's cache in another process).
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

from collections import namedtuple

from numba.extending import overload

from skattn.ops._cpu import _lanes as lanes
from skattn.ops._cpu import _memory as memory
from skattn.ops._cpu._compiler import INLINED, loop
from skattn.ops._cpu._edge_groups import (
    LOWEST,
    four_rows,
    multiply,
    prefetch_rows,
    row_offsets,
    weighted_sum,
)
from skattn.ops._cpu._lanes import select_above, splat
from skattn.ops._cpu._layout import LANES
from skattn.ops._cpu._memory import after, floats, load, load_first, store, store_first
from skattn.ops._cpu._records import Dot, Gat, GatV2, Sizes


def logits(score, sizes, n, workspace):
    """Write the scores of the n edges of a group to s."""


def add_row_gradient(score, i, others, n, slots, w, ahead, g):
    """Add the gradient of row_table[i] to g, up to the factor of `finish_gradient`.

    w has the gradients of the scores of n edges to `others`.
    """


def add_edge_gradients(score, i, others, n, slots, w, sums):
    """Add the gradients of both ends of n edges, and of the attention vector."""


def finish_gradient(score, i, g, dattention):
    """Complete the gradient of row i in g; add its part to the attention vector's."""


def edge_gradients(score, others, n, slots, w, dattention):
    """Replace row e of row_table by the gradient of row_table[e], for n edges.

    Unlike `add_row_gradient`, complete, but without the query's part of dattention.
    """


def with_tables(score, row_table, gathered):
    """Return the score with other tables; a new one is in the cache, not prefetched."""


def _gat_logits(score, sizes, n, workspace):
    H, slots = score.width, sizes.slots
    prefetch_rows(
        floats(score.gathered), score.stride, workspace.others, 0, n, score.ahead
    )
    for e in loop(n):
        row = after(floats(score.row_table), workspace.edge_rows[e] * H)
        gathered = after(floats(score.gathered), workspace.others[e] * score.stride)
        for h in loop(0, H, LANES):
            x = load_first(row, h, H - h) + load_first(gathered, h, H - h)
            store(workspace.s, e * slots + h, select_above(x, x, x * score.slope))
        for h in loop(0, sizes.sums - H, LANES):  # without edges below 0
            x = load_first(row, h, H - h) + load_first(gathered, h, H - h)
            store(workspace.s, e * slots + H + h, select_above(x, x, splat(LOWEST)))


def _gat_add_row_gradient(score, i, others, n, slots, w, ahead, g):
    H = score.width
    row = after(floats(score.row_table), i * H)
    for h in loop(0, H, LANES):
        acc, own = load(g, h), load_first(row, h, H - h)
        for e in loop(n):
            gathered = after(floats(score.gathered), others[e] * score.stride)
            x = own + load_first(gathered, h, H - h)
            slope = select_above(x, 1.0, splat(score.slope))
            acc += load(w, e * slots + h) * slope
        store(g, h, acc)


def _gat_add_edge_gradients(score, i, others, n, slots, w, sums):
    H, g = score.width, sums.own
    row = after(floats(score.row_table), i * H)
    for e in loop(n):
        gathered = after(floats(score.gathered), others[e] * score.stride)
        dgathered = after(sums.gathered, others[e] * H)
        for h in loop(0, H, LANES):
            x = load_first(row, h, H - h) + load_first(gathered, h, H - h)
            x = load(w, e * slots + h) * select_above(x, 1.0, splat(score.slope))
            store(g, h, load(g, h) + x)
            store_first(dgathered, h, load_first(dgathered, h, H - h) + x, H - h)


def _gat_finish_gradient(score, i, g, dattention):
    pass


def _gat_edge_gradients(score, others, n, slots, w, dattention):
    H = score.width
    for e in loop(n):
        row = after(floats(score.row_table), e * H)
        gathered = after(floats(score.gathered), others[e] * score.stride)
        for h in loop(0, H, LANES):
            x = load_first(row, h, H - h) + load_first(gathered, h, H - h)
            x = load(w, e * slots + h) * select_above(x, 1.0, splat(score.slope))
            store_first(row, h, x, H - h)


def _gat_with_tables(score, row_table, gathered):
    _, before, heads, width, step, slope, stride, ahead = score
    ahead = ahead if gathered == before else 0
    return Gat(row_table, gathered, heads, width, step, slope, stride, ahead)


def _gatv2_logits(score, sizes, n, workspace):
    H, C = score.heads, score.step
    a, slots = floats(score.attention), sizes.slots
    row, gathered = floats(score.row_table), floats(score.gathered)
    together = H > 2  # as in `multiply`
    edges = 1 if together else 4
    for e in loop(0, n, edges):
        prefetch_rows(gathered, H * C, workspace.others, e, edges, sizes.ahead)
        for h in loop(0, H, 4 if together else 1):
            heads = (
                memory.head_offsets(h, H, C) if together else memory.same_offset(h * C)
            )
            i = row_offsets(workspace.edge_rows, e, H * C, heads, together)
            j = row_offsets(workspace.others, e, H * C, heads, together)
            acc = lanes.zeros()
            for c in loop(0, C, LANES):
                x = memory.load_rows(row, i, c) + memory.load_rows(gathered, j, c)
                x = select_above(x, x, x * score.slope)
                acc += memory.load_rows(a, heads, c) * x
            to_next = 1 if together else slots
            memory.store_quad(workspace.s, e * slots + h, to_next, lanes.sum_rows(acc))


def _gatv2_add_row_gradient(score, i, others, n, slots, w, ahead, g):
    H, C = score.heads, score.step
    stride, slope = H * C, score.slope
    row, table = after(floats(score.row_table), i * stride), floats(score.gathered)
    for e in loop(0, n, 4):
        r0, r1, r2, r3 = four_rows(table, others, e, n, stride)
        prefetch_rows(table, stride, others, e, 4, ahead)
        for h in loop(H):
            at = after(w, e * slots + h)
            w0, w1 = splat(at[0]), splat(at[slots])
            w2, w3 = splat(at[2 * slots]), splat(at[3 * slots])
            u0, u1, u2, u3 = w0 * slope, w1 * slope, w2 * slope, w3 * slope
            for k in loop(h * C, h * C + C, LANES):
                own = load(row, k)
                x = select_above(own + load(r0, k), w0, u0)
                x += select_above(own + load(r1, k), w1, u1)
                y = select_above(own + load(r2, k), w2, u2)
                y += select_above(own + load(r3, k), w3, u3)
                store(g, k, load(g, k) + (x + y))


def _gatv2_add_edge_gradients(score, i, others, n, slots, w, sums):
    H, C = score.heads, score.step
    g, dgathered, dattention = sums.own, sums.gathered, sums.dattention
    a, row = floats(score.attention), after(floats(score.row_table), i * H * C)
    for h in loop(H):
        for k in loop(h * C, h * C + C, LANES):
            own, weight = load(row, k), load(a, k)
            acc, d = load(g, k), load(dattention, k)
            for e in loop(n):
                at = others[e] * H * C + k
                other, above = load(floats(score.gathered), at), splat(w[e * slots + h])
                x = select_above(own + other, above, above * score.slope)
                acc += x
                d += x * other
                store(dgathered, at, load(dgathered, at) + x * weight)
            store(g, k, acc)
            store(dattention, k, d)


def _gatv2_finish_gradient(score, i, g, dattention):
    # LeakyReLU(s) = s LeakyReLU'(s): dattention needs no pass of its own
    n = score.heads * score.step
    row, a = after(floats(score.row_table), i * n), floats(score.attention)
    for k in loop(0, n, LANES):
        x = load(g, k)
        store(dattention, k, load(dattention, k) + x * load(row, k))
        store(g, k, x * load(a, k))


def _gatv2_edge_gradients(score, others, n, slots, w, dattention):
    H, C = score.heads, score.step
    a = floats(score.attention)
    for e in loop(n):
        row = after(floats(score.row_table), e * H * C)
        gathered = after(floats(score.gathered), others[e] * H * C)
        for h in loop(H):
            above = splat(w[e * slots + h])
            below = above * score.slope
            for k in loop(h * C, h * C + C, LANES):
                own = load(row, k)
                x = select_above(own + load(gathered, k), above, below)
                store(dattention, k, load(dattention, k) + x * own)
                store(row, k, x * load(a, k))


def _gatv2_with_tables(score, row_table, gathered):
    _, _, heads, width, step, slope, attention = score
    return GatV2(row_table, gathered, heads, width, step, slope, attention)


def _dot_logits(score, sizes, n, workspace):
    H, W, C = score.heads, score.width, score.step
    own = Sizes(H, H, sizes.slots, W, C, 0, C, sizes.ahead)
    multiply(
        floats(score.row_table),
        floats(score.gathered),
        (C, C),
        own,
        n,
        workspace,
        workspace.s,
    )
    for k in loop(0, n * sizes.slots, LANES):
        store(workspace.s, k, load(workspace.s, k) * score.scale)


def _dot_add_row_gradient(score, i, others, n, slots, w, ahead, g):
    H, C = score.heads, score.step
    table = floats(score.gathered)
    weighted_sum(w, slots, others, n, table, (H, C, C), ahead, g)


def _dot_add_edge_gradients(score, i, others, n, slots, w, sums):
    H, C = score.heads, score.step
    g = sums.own
    row = after(floats(score.row_table), i * H * C)
    for e in loop(n):
        gathered = after(floats(score.gathered), others[e] * H * C)
        dgathered = after(sums.gathered, others[e] * H * C)
        for h in loop(H):
            x = splat(w[e * slots + h])
            y = x * score.scale
            for k in loop(h * C, h * C + C, LANES):
                store(g, k, load(g, k) + x * load(gathered, k))
                store(dgathered, k, load(dgathered, k) + y * load(row, k))


def _dot_finish_gradient(score, i, g, dattention):
    for k in loop(0, score.heads * score.step, LANES):
        store(g, k, load(g, k) * score.scale)


def _dot_edge_gradients(score, others, n, slots, w, dattention):
    H, C = score.heads, score.step
    stride, table = H * C, floats(score.gathered)
    for e in loop(0, n, 4):  # rows after the last one are padding
        r0, r1, r2, r3 = four_rows(table, others, e, n, stride)
        row = after(floats(score.row_table), e * stride)
        row1, row2, row3 = (
            after(row, stride),
            after(row, 2 * stride),
            after(row, 3 * stride),
        )
        for h in loop(H):
            at = after(w, e * slots + h)
            w0, w1 = splat(at[0]) * score.scale, splat(at[slots]) * score.scale
            w2 = splat(at[2 * slots]) * score.scale
            w3 = splat(at[3 * slots]) * score.scale
            for k in loop(h * C, h * C + C, LANES):
                store(row, k, w0 * load(r0, k))
                store(row1, k, w1 * load(r1, k))
                store(row2, k, w2 * load(r2, k))
                store(row3, k, w3 * load(r3, k))


def _dot_with_tables(score, row_table, gathered):
    _, _, heads, width, step, scale = score
    return Dot(row_table, gathered, heads, width, step, scale)


_ScoreKernels = namedtuple(
    "_ScoreKernels",
    "logits add_row_gradient add_edge_gradients finish_gradient edge_gradients "
    "with_tables",
)
_KERNELS = {
    Gat: _ScoreKernels(
        _gat_logits,
        _gat_add_row_gradient,
        _gat_add_edge_gradients,
        _gat_finish_gradient,
        _gat_edge_gradients,
        _gat_with_tables,
    ),
    GatV2: _ScoreKernels(
        _gatv2_logits,
        _gatv2_add_row_gradient,
        _gatv2_add_edge_gradients,
        _gatv2_finish_gradient,
        _gatv2_edge_gradients,
        _gatv2_with_tables,
    ),
    Dot: _ScoreKernels(
        _dot_logits,
        _dot_add_row_gradient,
        _dot_add_edge_gradients,
        _dot_finish_gradient,
        _dot_edge_gradients,
        _dot_with_tables,
    ),
}


@overload(logits, jit_options=INLINED)
def _choose_logits(score, sizes, n, workspace):
    return _KERNELS[score.instance_class].logits


@overload(add_row_gradient, jit_options=INLINED)
def _choose_add_row_gradient(score, i, others, n, slots, w, ahead, g):
    return _KERNELS[score.instance_class].add_row_gradient


@overload(add_edge_gradients, jit_options=INLINED)
def _choose_add_edge_gradients(score, i, others, n, slots, w, sums):
    return _KERNELS[score.instance_class].add_edge_gradients


@overload(edge_gradients, jit_options=INLINED)
def _choose_edge_gradients(score, others, n, slots, w, dattention):
    return _KERNELS[score.instance_class].edge_gradients


@overload(with_tables, jit_options=INLINED)
def _choose_with_tables(score, row_table, gathered):
    return _KERNELS[score.instance_class].with_tables


@overload(finish_gradient, jit_options=INLINED)
def _choose_finish_gradient(score, i, g, dattention):
    return _KERNELS[score.instance_class].finish_gradient
