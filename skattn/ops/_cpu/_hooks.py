"""Kernels of the scores: logits and their gradients.

The scores are symmetric in the query of ``i`` and the key of ``j``, so one hook serves
both walks: ``walked`` is the table of the rows, ``gathered`` that of their neighbours.
A score is a record with four overloaded hooks; the walks exist once and numba
specialises them for the score in use (closure factories never hit numba's cache in a
second process, `literally` costs 4 ms a call).
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

from collections import namedtuple

from numba.extending import overload

from skattn.ops._cpu import _lanes as lanes
from skattn.ops._cpu import _memory as memory
from skattn.ops._cpu._compiler import INSIDE, loop
from skattn.ops._cpu._lanes import select_above, splat
from skattn.ops._cpu._layout import LANES
from skattn.ops._cpu._memory import after, floats, load, load_first, store, store_first
from skattn.ops._cpu._records import Dot, Gat, GatV2, Sizes
from skattn.ops._cpu._walk import (
    LOWEST,
    four_rows,
    multiply,
    prefetch_rows,
    row_offsets,
    weighted_sum,
)


def logits(score, sizes, n, workspace):
    """Write to s the scores of the n edges of a group."""


def add_gradient(score, i, others, n, slots, w, ahead, g):
    """Add to g the gradient of walked[i], up to a factor of `finish_gradient`.

    w has the gradients of the scores of n edges to `others`.
    """


def add_gradients(score, i, others, n, slots, w, sums):
    """Add the gradients of both ends of n edges and of the attention vector."""


def finish_gradient(score, i, g, dattention):
    """Complete the gradient of walked[i] in g; add its part to dattention."""


def _gat_logits(score, sizes, n, workspace):
    H, slots = score.width, sizes.slots
    prefetch_rows(
        floats(score.gathered), score.apart, workspace.others, 0, n, score.ahead
    )
    for e in loop(n):
        walked = after(floats(score.walked), workspace.walked[e] * H)
        gathered = after(floats(score.gathered), workspace.others[e] * score.apart)
        for h in loop(0, H, LANES):
            x = load_first(walked, h, H - h) + load_first(gathered, h, H - h)
            store(workspace.s, e * slots + h, select_above(x, x, x * score.slope))
        for h in loop(0, sizes.sums - H, LANES):  # as if the edges below 0 were none
            x = load_first(walked, h, H - h) + load_first(gathered, h, H - h)
            store(workspace.s, e * slots + H + h, select_above(x, x, splat(LOWEST)))


def _gat_add_gradient(score, i, others, n, slots, w, ahead, g):
    H = score.width
    walked = after(floats(score.walked), i * H)
    for h in loop(0, H, LANES):
        acc, own = load(g, h), load_first(walked, h, H - h)
        for e in loop(n):
            gathered = after(floats(score.gathered), others[e] * score.apart)
            x = own + load_first(gathered, h, H - h)
            slope = select_above(x, 1.0, splat(score.slope))
            acc += load(w, e * slots + h) * slope
        store(g, h, acc)


def _gat_add_gradients(score, i, others, n, slots, w, sums):
    H, g = score.width, sums.own
    walked = after(floats(score.walked), i * H)
    for e in loop(n):
        gathered = after(floats(score.gathered), others[e] * score.apart)
        dgathered = after(sums.gathered, others[e] * H)
        for h in loop(0, H, LANES):
            x = load_first(walked, h, H - h) + load_first(gathered, h, H - h)
            x = load(w, e * slots + h) * select_above(x, 1.0, splat(score.slope))
            store(g, h, load(g, h) + x)
            store_first(dgathered, h, load_first(dgathered, h, H - h) + x, H - h)


def _gat_finish_gradient(score, i, g, dattention):
    pass


def _gatv2_logits(score, sizes, n, workspace):
    H, C = score.heads, score.step
    a, slots = floats(score.attention), sizes.slots
    walked, gathered = floats(score.walked), floats(score.gathered)
    together = H > 2  # as in `multiply`
    edges = 1 if together else 4
    for e in loop(0, n, edges):
        prefetch_rows(gathered, H * C, workspace.others, e, edges, sizes.ahead)
        for h in loop(0, H, 4 if together else 1):
            heads = (
                memory.head_offsets(h, H, C) if together else memory.same_offset(h * C)
            )
            i = row_offsets(workspace.walked, e, H * C, heads, together)
            j = row_offsets(workspace.others, e, H * C, heads, together)
            acc = lanes.zeros()
            for c in loop(0, C, LANES):
                x = memory.load_rows(walked, i, c) + memory.load_rows(gathered, j, c)
                x = select_above(x, x, x * score.slope)
                acc += memory.load_rows(a, heads, c) * x
            to_next = 1 if together else slots
            memory.store_quad(workspace.s, e * slots + h, to_next, lanes.total(acc))


def _gatv2_add_gradient(score, i, others, n, slots, w, ahead, g):
    H, C = score.heads, score.step
    stride, slope = H * C, score.slope
    walked, table = after(floats(score.walked), i * stride), floats(score.gathered)
    for e in loop(0, n, 4):
        r0, r1, r2, r3 = four_rows(table, others, e, n, stride)
        prefetch_rows(table, stride, others, e, 4, ahead)
        for h in loop(H):
            at = after(w, e * slots + h)
            w0, w1 = splat(at[0]), splat(at[slots])
            w2, w3 = splat(at[2 * slots]), splat(at[3 * slots])
            u0, u1, u2, u3 = w0 * slope, w1 * slope, w2 * slope, w3 * slope
            for k in loop(h * C, h * C + C, LANES):
                own = load(walked, k)
                x = select_above(own + load(r0, k), w0, u0)
                x += select_above(own + load(r1, k), w1, u1)
                y = select_above(own + load(r2, k), w2, u2)
                y += select_above(own + load(r3, k), w3, u3)
                store(g, k, load(g, k) + (x + y))


def _gatv2_add_gradients(score, i, others, n, slots, w, sums):
    H, C = score.heads, score.step
    g, dgathered, dattention = sums.own, sums.gathered, sums.dattention
    a, walked = floats(score.attention), after(floats(score.walked), i * H * C)
    for h in loop(H):
        for k in loop(h * C, h * C + C, LANES):
            own, weight = load(walked, k), load(a, k)
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
    # LeakyReLU(s) = s LeakyReLU'(s): dattention needs no walk of its own
    n = score.heads * score.step
    walked, a = after(floats(score.walked), i * n), floats(score.attention)
    for k in loop(0, n, LANES):
        x = load(g, k)
        store(dattention, k, load(dattention, k) + x * load(walked, k))
        store(g, k, x * load(a, k))


def _dot_logits(score, sizes, n, workspace):
    H, W, C = score.heads, score.width, score.step
    own = Sizes(H, H, sizes.slots, W, C, 0, C, sizes.ahead)
    multiply(
        floats(score.walked),
        floats(score.gathered),
        (C, C),
        own,
        n,
        workspace,
        workspace.s,
    )
    for k in loop(0, n * sizes.slots, LANES):
        store(workspace.s, k, load(workspace.s, k) * score.scale)


def _dot_add_gradient(score, i, others, n, slots, w, ahead, g):
    H, C = score.heads, score.step
    table = floats(score.gathered)
    weighted_sum(w, slots, others, n, table, (H, C, C), ahead, g)


def _dot_add_gradients(score, i, others, n, slots, w, sums):
    H, C = score.heads, score.step
    g = sums.own
    walked = after(floats(score.walked), i * H * C)
    for e in loop(n):
        gathered = after(floats(score.gathered), others[e] * H * C)
        dgathered = after(sums.gathered, others[e] * H * C)
        for h in loop(H):
            x = splat(w[e * slots + h])
            y = x * score.scale
            for k in loop(h * C, h * C + C, LANES):
                store(g, k, load(g, k) + x * load(gathered, k))
                store(dgathered, k, load(dgathered, k) + y * load(walked, k))


def _dot_finish_gradient(score, i, g, dattention):
    for k in loop(0, score.heads * score.step, LANES):
        store(g, k, load(g, k) * score.scale)


_Hooks = namedtuple("_Hooks", "logits add_gradient add_gradients finish_gradient")
_HOOKS = {
    Gat: _Hooks(
        _gat_logits,
        _gat_add_gradient,
        _gat_add_gradients,
        _gat_finish_gradient,
    ),
    GatV2: _Hooks(
        _gatv2_logits,
        _gatv2_add_gradient,
        _gatv2_add_gradients,
        _gatv2_finish_gradient,
    ),
    Dot: _Hooks(
        _dot_logits,
        _dot_add_gradient,
        _dot_add_gradients,
        _dot_finish_gradient,
    ),
}


@overload(logits, jit_options=INSIDE)
def _choose_logits(score, sizes, n, workspace):
    return _HOOKS[score.instance_class].logits


@overload(add_gradient, jit_options=INSIDE)
def _choose_add_gradient(score, i, others, n, slots, w, ahead, g):
    return _HOOKS[score.instance_class].add_gradient


@overload(add_gradients, jit_options=INSIDE)
def _choose_add_gradients(score, i, others, n, slots, w, sums):
    return _HOOKS[score.instance_class].add_gradients


@overload(finish_gradient, jit_options=INSIDE)
def _choose_finish_gradient(score, i, g, dattention):
    return _HOOKS[score.instance_class].finish_gradient
