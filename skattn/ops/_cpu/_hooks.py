"""What the kernels do differently for the three scores.

The scores are symmetric in the query of ``i`` and the key of ``j``, so one hook serves
both walks: "mine" is the node that is walked, "theirs" the table it gathers from. A
score is a namedtuple with four overloaded hooks; the walks exist once and numba
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
from skattn.ops._cpu._lanes import WIDTH as LANES
from skattn.ops._cpu._lanes import select_above, splat
from skattn.ops._cpu._memory import after, floats, load, load_first, store, store_first
from skattn.ops._cpu._walk import (
    LOWEST,
    Sizes,
    ask,
    four_rows,
    multiply,
    places,
    weighted_sum,
)

# Addresses of tables of rows; shape = (heads, their width, the width in whole lanes).
# What "gat" has, one number per head, is one head of that many. Rows of theirs are
# `apart` numbers apart, and are asked for if `ahead`.
Gat = namedtuple("Gat", "mine theirs shape slope apart ahead")
GatV2 = namedtuple("GatV2", "mine theirs shape attention slope")
Dot = namedtuple("Dot", "mine theirs shape scale")


def logits(score, sizes, n, desk):
    """Write to s the scores of the n edges of a group."""


def pull(score, i, others, n, slots, w, ahead, g):
    """Add to g the gradient of mine[i], up to the factor that `finish` multiplies in.

    w has the gradients of the scores of n edges to `others`.
    """


def pull_both(score, i, others, n, slots, w, to):
    """Pull at both ends; to = (g, gradients of theirs, dattention), added to."""


def finish(score, i, g, dattention):
    """Complete the gradient of mine[i] in g; add its part to dattention."""


def _gat_logits(score, sizes, n, desk):
    H, slots = score.shape[1], sizes.slots
    ask(floats(score.theirs), score.apart, desk.others, 0, n, score.ahead)
    for e in loop(n):
        mine = after(floats(score.mine), desk.mine[e] * H)
        theirs = after(floats(score.theirs), desk.others[e] * score.apart)
        for h in loop(0, H, LANES):
            x = load_first(mine, h, H - h) + load_first(theirs, h, H - h)
            store(desk.s, e * slots + h, select_above(x, x, x * score.slope))
        for h in loop(0, sizes.sums - H, LANES):  # as if the edges below 0 were none
            x = load_first(mine, h, H - h) + load_first(theirs, h, H - h)
            store(desk.s, e * slots + H + h, select_above(x, x, splat(LOWEST)))


def _gat_pull(score, i, others, n, slots, w, ahead, g):
    H = score.shape[1]
    mine = after(floats(score.mine), i * H)
    for h in loop(0, H, LANES):
        acc, own = load(g, h), load_first(mine, h, H - h)
        for e in loop(n):
            theirs = after(floats(score.theirs), others[e] * score.apart)
            x = own + load_first(theirs, h, H - h)
            slope = select_above(x, 1.0, splat(score.slope))
            acc += load(w, e * slots + h) * slope
        store(g, h, acc)


def _gat_pull_both(score, i, others, n, slots, w, to):
    H, (g, dtheirs, _) = score.shape[1], to
    mine = after(floats(score.mine), i * H)
    for e in loop(n):
        theirs = after(floats(score.theirs), others[e] * score.apart)
        pulled = after(dtheirs, others[e] * H)
        for h in loop(0, H, LANES):
            x = load_first(mine, h, H - h) + load_first(theirs, h, H - h)
            x = load(w, e * slots + h) * select_above(x, 1.0, splat(score.slope))
            store(g, h, load(g, h) + x)
            store_first(pulled, h, load_first(pulled, h, H - h) + x, H - h)


def _gat_finish(score, i, g, dattention):
    pass


def _gatv2_logits(score, sizes, n, desk):
    H, _, C = score.shape
    a, slots = floats(score.attention), sizes.slots
    mine, theirs = floats(score.mine), floats(score.theirs)
    together = H > 2  # as in `multiply`
    edges = 1 if together else 4
    for e in loop(0, n, edges):
        ask(theirs, H * C, desk.others, e, edges, sizes.ahead)
        for h in loop(0, H, 4 if together else 1):
            heads = memory.steps(h, H, C) if together else memory.same(h * C)
            i = places(desk.mine, e, H * C, heads, together)
            j = places(desk.others, e, H * C, heads, together)
            acc = lanes.zeros()
            for c in loop(0, C, LANES):
                x = memory.load_rows(mine, i, c) + memory.load_rows(theirs, j, c)
                x = select_above(x, x, x * score.slope)
                acc += memory.load_rows(a, heads, c) * x
            to_next = 1 if together else slots
            memory.store_quad(desk.s, e * slots + h, to_next, lanes.total(acc))


def _gatv2_pull(score, i, others, n, slots, w, ahead, g):
    H, _, C = score.shape
    stride, slope = H * C, score.slope
    mine, table = after(floats(score.mine), i * stride), floats(score.theirs)
    for e in loop(0, n, 4):
        r0, r1, r2, r3 = four_rows(table, others, e, n, stride)
        ask(table, stride, others, e, 4, ahead)
        for h in loop(H):
            at = after(w, e * slots + h)
            w0, w1 = splat(at[0]), splat(at[slots])
            w2, w3 = splat(at[2 * slots]), splat(at[3 * slots])
            u0, u1, u2, u3 = w0 * slope, w1 * slope, w2 * slope, w3 * slope
            for k in loop(h * C, h * C + C, LANES):
                own = load(mine, k)
                x = select_above(own + load(r0, k), w0, u0)
                x += select_above(own + load(r1, k), w1, u1)
                y = select_above(own + load(r2, k), w2, u2)
                y += select_above(own + load(r3, k), w3, u3)
                store(g, k, load(g, k) + (x + y))


def _gatv2_pull_both(score, i, others, n, slots, w, to):
    H, _, C = score.shape
    g, dtheirs, dattention = to
    a, mine = floats(score.attention), after(floats(score.mine), i * H * C)
    for h in loop(H):
        for k in loop(h * C, h * C + C, LANES):
            own, weight = load(mine, k), load(a, k)
            acc, d = load(g, k), load(dattention, k)
            for e in loop(n):
                at = others[e] * H * C + k
                other, above = load(floats(score.theirs), at), splat(w[e * slots + h])
                x = select_above(own + other, above, above * score.slope)
                acc += x
                d += x * other
                store(dtheirs, at, load(dtheirs, at) + x * weight)
            store(g, k, acc)
            store(dattention, k, d)


def _gatv2_finish(score, i, g, dattention):
    # LeakyReLU(s) = s LeakyReLU'(s): the gradient of attention needs no walk of its own
    n = score.shape[0] * score.shape[2]
    mine, a = after(floats(score.mine), i * n), floats(score.attention)
    for k in loop(0, n, LANES):
        x = load(g, k)
        store(dattention, k, load(dattention, k) + x * load(mine, k))
        store(g, k, x * load(a, k))


def _dot_logits(score, sizes, n, desk):
    H, W, C = score.shape
    own = Sizes(H, H, sizes.slots, W, C, 0, C, sizes.ahead)
    multiply(floats(score.mine), floats(score.theirs), (C, C), own, n, desk, desk.s)
    for k in loop(0, n * sizes.slots, LANES):
        store(desk.s, k, load(desk.s, k) * score.scale)


def _dot_pull(score, i, others, n, slots, w, ahead, g):
    H, _, C = score.shape
    table = floats(score.theirs)
    weighted_sum(w, slots, others, n, table, (H, C, C), ahead, g)


def _dot_pull_both(score, i, others, n, slots, w, to):
    H, _, C = score.shape
    g, dtheirs, _ = to
    mine = after(floats(score.mine), i * H * C)
    for e in loop(n):
        theirs = after(floats(score.theirs), others[e] * H * C)
        pulled = after(dtheirs, others[e] * H * C)
        for h in loop(H):
            x = splat(w[e * slots + h])
            y = x * score.scale
            for k in loop(h * C, h * C + C, LANES):
                store(g, k, load(g, k) + x * load(theirs, k))
                store(pulled, k, load(pulled, k) + y * load(mine, k))


def _dot_finish(score, i, g, dattention):
    for k in loop(0, score.shape[0] * score.shape[2], LANES):
        store(g, k, load(g, k) * score.scale)


_HOOKS = {
    Gat: (_gat_logits, _gat_pull, _gat_pull_both, _gat_finish),
    GatV2: (_gatv2_logits, _gatv2_pull, _gatv2_pull_both, _gatv2_finish),
    Dot: (_dot_logits, _dot_pull, _dot_pull_both, _dot_finish),
}


@overload(logits, jit_options=INSIDE)
def _choose_logits(score, sizes, n, desk):
    return _HOOKS[score.instance_class][0]


@overload(pull, jit_options=INSIDE)
def _choose_pull(score, i, others, n, slots, w, ahead, g):
    return _HOOKS[score.instance_class][1]


@overload(pull_both, jit_options=INSIDE)
def _choose_pull_both(score, i, others, n, slots, w, to):
    return _HOOKS[score.instance_class][2]


@overload(finish, jit_options=INSIDE)
def _choose_finish(score, i, g, dattention):
    return _HOOKS[score.instance_class][3]
