"""Compiled loops of the CPU backend: walks over blocks of rows of a CSR.

Forward walks the CSR by receiver with an online softmax. Backward recomputes the
weights in one walk by sender (gradients of key and value, and of every edge's score)
and finishes in one walk by receiver (gradient of the query). Whoever walks a row owns
what it writes: no atomics.

The three scores are symmetric in the query of ``i`` and the key of ``j``, so one hook
serves both walks: "mine" is the node that is walked, "theirs" the table it gathers
from. A score is a namedtuple with three overloaded hooks; the walks exist once and
numba specialises them for the score in use (closure factories never hit numba's cache
in a second process, `literally` costs 4 ms a call).

Measured (169 k nodes, 2.5 M edges, 4 heads x 64, two cores): the gather of 1 KB rows
bounds the walks; a loop that only touches them reaches 12.3 GB/s where a copy reaches
20.7. Four gathered rows in flight give 10 %, pairs of edges in gatv2 7 %. Nothing is
gained by prefetching, chunks of 16 to 128, 2 to 64 blocks, or storing the scores.

Compiled functions live in this one file, long as that makes it: numba's cache looks
for edits in the file of the function that is called and misses them in imported ones.
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

import math
from collections import namedtuple
from typing import Any

import numpy as np
from numba import njit
from numba.extending import overload

from skattn.ops._cpu import _lanes as lanes

f32, f64, u32, i64 = np.float32, np.float64, np.uint32, np.int64

# Without nnan and ninf: a fit that diverges must show its NaN (they would give 3 %).
_ARITHMETIC: dict[str, Any] = {
    "boundscheck": False,
    "error_model": "numpy",
    "fastmath": {"reassoc", "contract", "nsz", "arcp"},
}
_jit = njit(nogil=True, cache=True, **_ARITHMETIC)
# What only other kernels call needs no entry from Python: a quarter of compiling.
_part = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **_ARITHMETIC)

CHUNK = 32  # edges per buffer: 32 rows of 1 KB stay in L2 between two passes over them
SPILL = 256  # edges summed in float32 before their sum moves on to float64: the error
#              at a receiver of 10^4 edges is 6e-7, summed straight on 5e-6
LANES = lanes.WIDTH
LOWEST = f32(-1e30)

# ---- elementary functions ------------------------------------------------------------


@_part
def _exp(x):
    """Exponential of lanes as in Cephes' expf, relative error 1.2e-7.

    0.9 ns a number in whole vectors, where libm's takes 4.1 ns.
    """
    x = lanes.larger(x, lanes.splat(f32(-87.0)))
    half = lanes.splat(f32(0.5))
    n = lanes.rounded(lanes.fma(x, lanes.splat(f32(1.4426950408889634)), half))
    r = lanes.fma(n, lanes.splat(f32(-0.693145751953125)), x)
    r = lanes.fma(n, lanes.splat(f32(-1.428606765330187e-06)), r)
    p = lanes.splat(f32(1.9875691500e-4))
    p = lanes.fma(p, r, lanes.splat(f32(1.3981999507e-3)))
    p = lanes.fma(p, r, lanes.splat(f32(8.3334519073e-3)))
    p = lanes.fma(p, r, lanes.splat(f32(4.1665795894e-2)))
    p = lanes.fma(p, r, lanes.splat(f32(1.6666665459e-1)))
    p = lanes.fma(p, r, lanes.splat(f32(5.0000001201e-1)))
    p = lanes.fma(lanes.mul(p, r), r, lanes.add(r, lanes.splat(f32(1))))
    return lanes.mul(p, lanes.power_of_two(n))


@_part
def _mix(x):
    x = u32(x)
    x ^= x >> u32(16)
    x = u32(x * u32(0x7FEB352D))
    x ^= x >> u32(15)
    x = u32(x * u32(0x846CA68B))
    return u32(x ^ (x >> u32(16)))


@_part
def _keep(row, column, drop):
    """Factor of the number at a place: 0 or scale; drop = (threshold, seed, scale)."""
    mixed = _mix(u32(row) ^ u32(drop[1]))
    x = _mix(mixed + u32(column) * u32(0x9E3779B9) + u32(drop[1] >> 32))
    return drop[2] if x >= drop[0] else f32(0)


@_part
def _fill(rows, x):
    """Set every number of a matrix."""
    for h in range(rows.shape[0]):
        for c in range(rows.shape[1]):
            rows[h, c] = x


@_part
def _weighted_sum(w, others, rows, o):
    """Add to o[h] the sum over e of w[h, e] * rows[others[e], h]; four in flight."""
    C = min(o.shape[1], rows.shape[2])  # whichever has no edge features behind it
    n = others.shape[0]
    fours = n // 4 * 4
    for e in range(0, fours, 4):
        if C % LANES == 0:
            _add_four_lanes(w, others, rows, o, e, C)
        else:
            _add_four(w, others, rows, o, e, C)
    for e in range(fours, n):
        if C % LANES == 0:
            _add_one_lanes(w, others, rows, o, e, C)
        else:
            _add_one(w, others, rows, o, e, C)


@_part
def _add_four_lanes(w, others, rows, o, e, C):
    H, R, D = o.shape[0], rows.shape[2], o.shape[1]
    k0, k1 = i64(others[e]) * H * R, i64(others[e + 1]) * H * R
    k2, k3 = i64(others[e + 2]) * H * R, i64(others[e + 3]) * H * R
    for h in range(H):
        w0, w1 = lanes.splat(w[h, e]), lanes.splat(w[h, e + 1])
        w2, w3 = lanes.splat(w[h, e + 2]), lanes.splat(w[h, e + 3])
        for c in range(0, C, LANES):
            k = h * R + c
            acc = lanes.load(o, h * D + c)
            acc = lanes.fma(w0, lanes.load(rows, k0 + k), acc)
            acc = lanes.fma(w1, lanes.load(rows, k1 + k), acc)
            acc = lanes.fma(w2, lanes.load(rows, k2 + k), acc)
            acc = lanes.fma(w3, lanes.load(rows, k3 + k), acc)
            lanes.store(o, h * D + c, acc)


@_part
def _add_one_lanes(w, others, rows, o, e, C):
    H, R, D = o.shape[0], rows.shape[2], o.shape[1]
    k0 = i64(others[e]) * H * R
    for h in range(H):
        w0 = lanes.splat(w[h, e])
        for c in range(0, C, LANES):
            row = lanes.load(rows, k0 + h * R + c)
            acc = lanes.fma(w0, row, lanes.load(o, h * D + c))
            lanes.store(o, h * D + c, acc)


@_part
def _add_four(w, others, rows, o, e, C):
    r0, r1 = rows[others[e]], rows[others[e + 1]]
    r2, r3 = rows[others[e + 2]], rows[others[e + 3]]
    for h in range(o.shape[0]):
        w0, w1, w2, w3 = w[h, e], w[h, e + 1], w[h, e + 2], w[h, e + 3]
        for c in range(C):
            near = w0 * r0[h, c] + w1 * r1[h, c]
            o[h, c] += near + (w2 * r2[h, c] + w3 * r3[h, c])


@_part
def _add_one(w, others, rows, o, e, C):
    row = rows[others[e]]
    for h in range(o.shape[0]):
        for c in range(C):
            o[h, c] += w[h, e] * row[h, c]


@_part
def _dots(v, others, rows, t):
    """Set t[h, e] = v[h] . rows[others[e], h]; rows may have more columns than v."""
    H, C = v.shape
    R = rows.shape[2]
    for e in range(others.shape[0]):
        k = i64(others[e]) * H * R
        row = rows[others[e]]
        for h in range(H):
            if C % LANES == 0:
                acc = lanes.splat(f32(0))
                for c in range(0, C, LANES):
                    theirs = lanes.load(rows, k + h * R + c)
                    acc = lanes.fma(lanes.load(v, h * C + c), theirs, acc)
                t[h, e] = lanes.total(acc)
            else:
                s = f32(0)
                for c in range(C):
                    s += v[h, c] * row[h, c]
                t[h, e] = s


@_part
def _spill(acc, total):
    """Move a sum in float32 on to its total in float64."""
    for h in range(acc.shape[0]):
        for c in range(acc.shape[1]):
            total[h, c] += f64(acc[h, c])
            acc[h, c] = 0


@_part
def _collect(acc, total):
    """Finish a sum whose parts were spilled, and clear the total."""
    for h in range(acc.shape[0]):
        for c in range(acc.shape[1]):
            acc[h, c] = f32(total[h, c] + f64(acc[h, c]))
            total[h, c] = 0


# ---- the three scores ----------------------------------------------------------------

Gat = namedtuple("Gat", "mine theirs slope")  # (n, H)
GatV2 = namedtuple(
    "GatV2", "mine theirs attention slope"
)  # (n, H, C), attention (H, C)
Dot = namedtuple("Dot", "mine theirs scale")  # (n, H, C)


def _logits(score, i, others, s):
    """Set s[h, e] to the score between node i and others[e]."""


def _pull(score, i, others, ds, g):
    """Add to g the gradient of mine[i], up to the factor that _finish multiplies in."""


def _finish(score, i, g, dmine, dattention):
    """Write dmine[i] (add if it is a tensor per head), add to dattention."""


def _gat_logits(score, i, others, s):
    for e in range(others.shape[0]):
        theirs = score.theirs[others[e]]
        for h in range(s.shape[0]):
            x = score.mine[i, h] + theirs[h]
            s[h, e] = x if x > 0 else score.slope * x


def _gat_pull(score, i, others, ds, g):
    for e in range(others.shape[0]):
        theirs = score.theirs[others[e]]
        for h in range(ds.shape[0]):
            slope = f32(1) if score.mine[i, h] + theirs[h] > 0 else score.slope
            g[h, 0] += ds[h, e] * slope


def _gat_finish(score, i, g, dmine, dattention):
    for h in range(g.shape[0]):
        dmine[i, h] = g[h, 0]


@_part
def _leaky_dot(a, mine, theirs, slope):
    acc = f32(0)
    for c in range(a.shape[0]):
        x = mine[c] + theirs[c]
        acc += a[c] * (x if x > 0 else slope * x)
    return acc


def _gatv2_logits(score, i, others, s):
    a, mine, theirs = score.attention, score.mine, score.theirs
    H, C = a.shape
    slope = lanes.splat(score.slope)
    km = i64(i) * H * C
    for e in range(others.shape[0]):
        j = i64(others[e])
        for h in range(H):
            if C % LANES == 0:
                acc = lanes.splat(f32(0))
                for k in range(h * C, h * C + C, LANES):
                    x = lanes.add(
                        lanes.load(mine, km + k), lanes.load(theirs, j * H * C + k)
                    )
                    leaky = lanes.select_above(x, x, lanes.mul(x, slope))
                    acc = lanes.fma(lanes.load(a, k), leaky, acc)
                s[h, e] = lanes.total(acc)
            else:
                s[h, e] = _leaky_dot(a[h], mine[i, h], theirs[j, h], score.slope)


@_part
def _add_slopes(w0, w1, mine, t0, t1, slope, g):
    for c in range(g.shape[0]):
        x = w0 if t0[c] + mine[c] > 0 else w0 * slope
        y = w1 if t1[c] + mine[c] > 0 else w1 * slope
        g[c] += x + y


def _gatv2_pull(score, i, others, ds, g):
    mine, theirs, slope = score.mine, score.theirs, score.slope
    n = others.shape[0]
    H, C = g.shape
    km = i64(i) * H * C
    for e in range(0, n, 2):  # two edges at a time; where n is odd, the last one twice
        f = min(e + 1, n - 1)
        j0, j1 = i64(others[e]), i64(others[f])
        for h in range(H):
            w0 = ds[h, e]
            w1 = ds[h, f] if f > e else f32(0)
            if C % LANES == 0:
                v0, u0 = lanes.splat(w0), lanes.splat(w0 * slope)
                v1, u1 = lanes.splat(w1), lanes.splat(w1 * slope)
                for k in range(h * C, h * C + C, LANES):
                    m = lanes.load(mine, km + k)
                    x0 = lanes.add(m, lanes.load(theirs, j0 * H * C + k))
                    x1 = lanes.add(m, lanes.load(theirs, j1 * H * C + k))
                    both = lanes.add(
                        lanes.select_above(x0, v0, u0), lanes.select_above(x1, v1, u1)
                    )
                    lanes.store(g, k, lanes.add(lanes.load(g, k), both))
            else:
                _add_slopes(
                    w0, w1, mine[i, h], theirs[j0, h], theirs[j1, h], slope, g[h]
                )


def _gatv2_finish(score, i, g, dmine, dattention):
    # LeakyReLU(s) = s LeakyReLU'(s): the gradient of attention needs no walk of its own
    for h in range(g.shape[0]):
        for c in range(g.shape[1]):
            dattention[h, c] += f64(g[h, c]) * f64(score.mine[i, h, c])
            dmine[i, h, c] += g[h, c] * score.attention[h, c]


def _dot_logits(score, i, others, s):
    _dots(score.mine[i], others, score.theirs, s)
    for h in range(s.shape[0]):
        for e in range(others.shape[0]):
            s[h, e] *= score.scale


def _dot_pull(score, i, others, ds, g):
    _weighted_sum(ds, others, score.theirs, g)


def _dot_finish(score, i, g, dmine, dattention):
    for h in range(g.shape[0]):
        for c in range(g.shape[1]):
            dmine[i, h, c] += g[h, c] * score.scale


_HOOKS = {
    Gat: (_gat_logits, _gat_pull, _gat_finish),
    GatV2: (_gatv2_logits, _gatv2_pull, _gatv2_finish),
    Dot: (_dot_logits, _dot_pull, _dot_finish),
}


@overload(_logits, jit_options=_ARITHMETIC)
def _choose_logits(score, i, others, s):
    return _HOOKS[score.instance_class][0]


@overload(_pull, jit_options=_ARITHMETIC)
def _choose_pull(score, i, others, ds, g):
    return _HOOKS[score.instance_class][1]


@overload(_finish, jit_options=_ARITHMETIC)
def _choose_finish(score, i, g, dmine, dattention):
    return _HOOKS[score.instance_class][2]


# ---- attention: the walks over one block of rows [low, high) -------------------------


@_part
def _begin_row(rows, top, z):
    _fill(rows, f32(0))
    for h in range(top.shape[0]):
        top[h] = LOWEST
        z[h] = 0


@_part
def _add_bias(s, bias, first, n):
    if bias.shape[0]:
        for e in range(n):
            for h in range(s.shape[0]):
                s[h, e] += bias[first + e, h]


@_part
def _softmax_chunk(s, n, top, z, o, total):
    """Turn n logits of each head into powers over the row's running maximum."""
    lowest = lanes.splat(LOWEST)
    for h in range(s.shape[0]):
        row = s[h]
        best = lanes.splat(top[h])
        for e in range(0, n, LANES):  # what lies behind the last logit counts nothing
            x = lanes.first(n - e, lanes.load(row, e), lowest)
            lanes.store(row, e, x)
            best = lanes.larger(best, x)
        new = lanes.highest(best)
        if new > top[h]:
            if top[h] > LOWEST:
                _rescale(f32(math.exp(top[h] - new)), z, o, total, h)
            top[h] = new
        acc = lanes.splat(f32(0))
        for e in range(0, n, LANES):
            p = _exp(lanes.sub(lanes.load(row, e), lanes.splat(new)))
            lanes.store(row, e, p)
            acc = lanes.add(acc, p)
        z[h] += f64(lanes.total(acc))


@_part
def _rescale(factor, z, o, total, h):
    z[h] *= f64(factor)
    for c in range(o.shape[1]):
        o[h, c] *= factor
        total[h, c] *= f64(factor)


@_part
def _drop_weights(s, first, n, drop):
    if drop[0]:
        for h in range(s.shape[0]):
            for e in range(n):
                s[h, e] *= _keep(first + e, h, drop)


@_part
def _add_edge_features(w, first, n, edge_features, o):
    K = edge_features.shape[1]
    C = o.shape[1] - K
    for e in range(n):
        for h in range(o.shape[0]):
            for k in range(K):
                o[h, C + k] += w[h, e] * edge_features[first + e, k]


@_part
def _finish_receiver(n, top, z, offset, o, lse):
    for h in range(o.shape[0]):
        factor = f32(1 / z[h]) if n else f32(0)
        lse[h] = f32(f64(top[h]) + math.log(z[h])) if n else f32(0)
        for c in range(o.shape[1]):
            o[h, c] *= factor
    for h in range(offset.shape[0]):
        for c in range(offset.shape[1]):
            o[h, c] += offset[h, c]


@_jit
def attend(low, high, rows, score, value, extras, drop, written):
    """Write the output and the log-sum-exps of a block of receivers.

    rows = (indptr, senders), extras = (bias, edge_features, offset) without elements
    where absent, written = (out, lse).
    """
    indptr, senders = rows
    bias, edge_features, offset = extras
    out, lse = written
    H, D = out.shape[1:]
    s = np.zeros((H, CHUNK), f32)
    top, z, total = np.empty(H, f32), np.empty(H, f64), np.zeros((H, D), f64)
    for i in range(low, high):
        start, stop = indptr[i], indptr[i + 1]
        o = out[i]
        _begin_row(o, top, z)
        for first in range(start, stop, CHUNK):
            n = min(CHUNK, stop - first)
            others = senders[first : first + n]
            _logits(score, i, others, s)
            _add_bias(s, bias, first, n)
            _softmax_chunk(s, n, top, z, o, total)
            _drop_weights(s, first, n, drop)
            _weighted_sum(s, others, value, o)
            _add_edge_features(s, first, n, edge_features, o)
            if (first - start) % SPILL == SPILL - CHUNK:
                _spill(o, total)
        if stop - start >= SPILL:
            _collect(o, total)
        _finish_receiver(stop - start, top, z, offset, o, lse[i])


@_jit
def row_sums(low, high, received, offset, stat, doffset):
    """Pack stat[i, h] = (log-sum-exp, dout . (out - offset)): one gather for both.

    received = (out, dout, lse); offset has no rows where absent.
    """
    out, dout, lse = received
    C = offset.shape[1]
    for i in range(low, high):
        for h in range(lse.shape[1]):
            acc = f32(0)
            for c in range(out.shape[2]):
                acc += out[i, h, c] * dout[i, h, c]
            stat[i, h, 0] = lse[i, h]
            stat[i, h, 1] = acc
        for h in range(offset.shape[0]):
            acc = f32(0)
            for c in range(C):
                acc += offset[h, c] * dout[i, h, c]
                doffset[h, c] += f64(dout[i, h, c])
            stat[i, h, 1] -= acc


@_part
def _add_bias_of(p, bias, edges):
    if bias.shape[0]:
        for e in range(edges.shape[0]):
            for h in range(p.shape[0]):
                p[h, e] += bias[edges[e], h]


@_part
def _scatter(t, edges, dscore):
    for e in range(edges.shape[0]):
        for h in range(t.shape[0]):
            dscore[edges[e], h] = t[h, e]


@_part
def _weights_again(p, u, others, stat):
    """Turn logits into weights; u = the receiver's dout . (out - offset)."""
    n = others.shape[0]
    for e in range(n):
        i = others[e]
        for h in range(p.shape[0]):
            p[h, e] -= stat[i, h, 0]
            u[h, e] = stat[i, h, 1]
    for h in range(p.shape[0]):
        row = p[h]
        for e in range(0, n, LANES):
            lanes.store(row, e, _exp(lanes.load(row, e)))


@_part
def _pull_weights(p, t, u, edges, drop):
    """Set t = p (keep t - u), then p = keep p."""
    for h in range(p.shape[0]):
        if drop[0]:
            for e in range(edges.shape[0]):
                k = _keep(i64(edges[e]), h, drop)
                t[h, e] = p[h, e] * (t[h, e] * k - u[h, e])
                p[h, e] *= k
        else:
            for e in range(0, edges.shape[0], LANES):
                k = h * CHUNK + e
                x = lanes.sub(lanes.load(t, k), lanes.load(u, k))
                lanes.store(t, k, lanes.mul(lanes.load(p, k), x))


@_part
def _dot_edge_features(t, others, edges, edge_features, dout, C):
    for e in range(others.shape[0]):
        for h in range(t.shape[0]):
            for k in range(edge_features.shape[1]):
                t[h, e] += dout[others[e], h, C + k] * edge_features[edges[e], k]


@_part
def _pull_edge_features(p, others, edges, dout, C, dedge_features):
    for e in range(others.shape[0]):
        for k in range(dedge_features.shape[1]):
            acc = f32(0)
            for h in range(p.shape[0]):
                acc += p[h, e] * dout[others[e], h, C + k]
            dedge_features[edges[e], k] = acc


@_jit
def pull_senders(low, high, rows, call, received, written, dattention):
    """Write the gradients of key, value, edge features and every score.

    rows = (indptr, receivers, numbers of the edges) by sender, call = (score, value,
    extras, drop) as in `attend`, received = (dout, stat), written = (dkey, dvalue,
    dedge_features, dscore); dkey and dvalue may be one array.
    """
    indptr, receivers, numbers = rows
    score, value, (bias, edge_features, _), drop = call
    dout, stat = received
    dkey, dvalue, dedge_features, dscore = written
    H, C = value.shape[1:]
    g = np.empty((H, C), f32)
    g_total, v_total = np.zeros((H, C), f64), np.zeros((H, C), f64)
    p, t, u = (
        np.zeros((H, CHUNK), f32),
        np.zeros((H, CHUNK), f32),
        np.zeros((H, CHUNK), f32),
    )
    for j in range(low, high):
        start, stop = indptr[j], indptr[j + 1]
        v = dvalue[j]
        _fill(g, f32(0))
        _fill(v, f32(0))
        if dkey.ndim == 3:
            dkey[j] = 0
        for first in range(start, stop, CHUNK):
            n = min(CHUNK, stop - first)
            others, edges = receivers[first : first + n], numbers[first : first + n]
            _logits(score, j, others, p)
            _add_bias_of(p, bias, edges)
            _weights_again(p, u, others, stat)
            _dots(value[j], others, dout, t)
            _dot_edge_features(t, others, edges, edge_features, dout, C)
            _pull_weights(p, t, u, edges, drop)
            _weighted_sum(p, others, dout, v)
            _pull(score, j, others, t, g)
            _pull_edge_features(p, others, edges, dout, C, dedge_features)
            _scatter(t, edges, dscore)
            if (first - start) % SPILL == SPILL - CHUNK:
                _spill(g, g_total)
                _spill(v, v_total)
        if stop - start >= SPILL:
            _collect(g, g_total)
            _collect(v, v_total)
        _finish(score, j, g, dkey, dattention)


@_jit
def pull_receivers(low, high, rows, score, dscore, dquery, dattention):
    """Write the gradient of the query from that of the scores."""
    indptr, senders = rows
    H = dscore.shape[1]
    width = dquery.shape[2] if dquery.ndim == 3 else 1
    g, total = np.empty((H, width), f32), np.zeros((H, width), f64)
    t = np.empty((H, CHUNK), f32)
    for i in range(low, high):
        start, stop = indptr[i], indptr[i + 1]
        _fill(g, f32(0))
        if dquery.ndim == 3:
            dquery[i] = 0
        for first in range(start, stop, CHUNK):
            n = min(CHUNK, stop - first)
            for e in range(n):
                for h in range(H):
                    t[h, e] = dscore[first + e, h]
            _pull(score, i, senders[first : first + n], t, g)
            if (first - start) % SPILL == SPILL - CHUNK:
                _spill(g, total)
        if stop - start >= SPILL:
            _collect(g, total)
        _finish(score, i, g, dquery, dattention)


# ---- around attention ----------------------------------------------------------------


@_jit
def transpose(indptr, senders, sent, receivers, numbers):
    """Sort the edges by sender, stable; sent = (n_senders + 1,) zeros on entry."""
    for e in range(senders.shape[0]):
        sent[senders[e] + 1] += 1
    for j in range(sent.shape[0] - 1):
        sent[j + 1] += sent[j]
    for i in range(indptr.shape[0] - 1):
        for e in range(indptr[i], indptr[i + 1]):
            place = sent[senders[e]]
            receivers[place] = i
            numbers[place] = e
            sent[senders[e]] = place + 1
    for j in range(sent.shape[0] - 1, 0, -1):  # each start moved on to the next one's
        sent[j] = sent[j - 1]
    sent[0] = 0


@_jit
def drop_elements(low, high, x, drop, y):
    """Write the elements of a flat array that are kept, scaled."""
    for k in range(low, high):
        y[k] = x[k] * _keep(k, k >> 32, drop)


@_jit
def multiply_rows(low, high, rows, values, dense, drop, out):
    """Write rows of a sparse matrix times a dense one, both with one head.

    rows = (indptr, columns, numbers); entry k has the value values[numbers[k]], or
    values[k] where numbers is empty.
    """
    indptr, columns, numbers = rows
    w = np.zeros((1, CHUNK), f32)
    total = np.zeros(out.shape[1:], f64)
    for i in range(low, high):
        start, stop = indptr[i], indptr[i + 1]
        o = out[i]
        _fill(o, f32(0))
        for first in range(start, stop, CHUNK):
            n = min(CHUNK, stop - first)
            for e in range(n):
                k = i64(numbers[first + e]) if numbers.shape[0] else first + e
                w[0, e] = values[k] * _keep(k, k >> 32, drop)
            _weighted_sum(w, columns[first : first + n], dense, o)
            if (first - start) % SPILL == SPILL - CHUNK:
                _spill(o, total)
        if stop - start >= SPILL:
            _collect(o, total)
