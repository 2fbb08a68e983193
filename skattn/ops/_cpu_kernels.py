"""Compiled loops of the CPU backend: walks over blocks of rows of a CSR.

Forward walks the CSR by receiver with an online softmax. Backward recomputes the weights
in one walk by sender (gradients of key and value, and of every edge's score) and
finishes in one walk by receiver (gradient of the query). Whoever walks a row owns what
it writes: no atomics.

The three scores are symmetric in the query of ``i`` and the key of ``j``, so one hook
serves both walks: "mine" is the node that is walked, "theirs" the table it gathers from.
A score is a namedtuple with three overloaded hooks; the walks exist once and numba
specialises them for the score in use (closure factories never hit numba's cache in a
second process, `literally` costs 4 ms a call).

Measured (169 k nodes, 2.5 M edges, 4 heads x 64, two cores): the gather of 1 KB rows
bounds the walks; a loop that only touches them reaches 12.3 GB/s where a copy reaches
20.7. Four gathered rows in flight give 10 %, pairs of edges in gatv2 7 %. Nothing is
gained by prefetching, chunks of 16 to 128, 2 to 64 blocks, or storing the scores.

All cached functions live in this one file: numba may miss edits in imported ones.
"""

from __future__ import annotations

import math
from collections import namedtuple
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload

f32, f64, u32, i32 = np.float32, np.float64, np.uint32, np.int32

# Without nnan and ninf: a fit that diverges must show its NaN (they would give 3 %).
_ARITHMETIC = {
    "boundscheck": False,
    "error_model": "numpy",
    "fastmath": {"reassoc", "contract", "nsz", "arcp"},
}
_jit = njit(nogil=True, cache=True, **_ARITHMETIC)

CHUNK = 32  # edges per buffer: 32 rows of 1 KB stay in L2 between two passes over them
SPILL = 256  # edges summed in float32 before the sum moves on to float64: a hub of 10^4
#              summed straight on loses two digits

# ---- elementary functions ------------------------------------------------------------


@intrinsic
def _bits_to_float(_context: Any, bits: Any) -> Any:
    def build(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.FloatType())

    return types.float32(types.int32), build


@_jit
def _exp(x):
    """Exponential as in Cephes' expf, relative error 1.2e-7.

    Plain arithmetic vectorises: 0.9 ns where libm's takes 4.1 ns.
    """
    y = f32(-87.0) if x < f32(-87.0) else x
    n = np.floor(y * f32(1.4426950408889634) + f32(0.5))
    r = y - n * f32(0.693145751953125) - n * f32(1.428606765330187e-06)
    p = f32(1.9875691500e-4)
    p = p * r + f32(1.3981999507e-3)
    p = p * r + f32(8.3334519073e-3)
    p = p * r + f32(4.1665795894e-2)
    p = p * r + f32(1.6666665459e-1)
    p = p * r + f32(5.0000001201e-1)
    return (p * r * r + r + f32(1)) * _bits_to_float(
        i32((i32(n) + i32(127)) << i32(23))
    )


@_jit
def _mix(x):
    x = u32(x)
    x ^= x >> u32(16)
    x = u32(x * u32(0x7FEB352D))
    x ^= x >> u32(15)
    x = u32(x * u32(0x846CA68B))
    return u32(x ^ (x >> u32(16)))


@_jit
def _keep(row, column, drop):
    """What the number at a place is multiplied by; drop = (threshold, seed, scale)."""
    mixed = _mix(u32(row) ^ u32(drop[1]))
    x = _mix(mixed + u32(column) * u32(0x9E3779B9) + u32(drop[1] >> 32))
    return drop[2] if x >= drop[0] else f32(0)


@_jit
def _weighted_sum(w, others, rows, o):
    """Add to o[h] the sum over e of w[h, e] * rows[others[e], h]; four in flight."""
    n = others.shape[0]
    H = o.shape[0]
    C = min(o.shape[1], rows.shape[2])  # whichever has no edge features behind it
    e = 0
    while e + 4 <= n:
        r0 = rows[others[e]]
        r1 = rows[others[e + 1]]
        r2 = rows[others[e + 2]]
        r3 = rows[others[e + 3]]
        for h in range(H):
            w0, w1, w2, w3 = w[h, e], w[h, e + 1], w[h, e + 2], w[h, e + 3]
            for c in range(C):
                o[h, c] += (w0 * r0[h, c] + w1 * r1[h, c]) + (
                    w2 * r2[h, c] + w3 * r3[h, c]
                )
        e += 4
    while e < n:
        r0 = rows[others[e]]
        for h in range(H):
            w0 = w[h, e]
            for c in range(C):
                o[h, c] += w0 * r0[h, c]
        e += 1


@_jit
def _dots(v, others, rows, t):
    """Set t[h, e] = v[h] . rows[others[e], h], for two edges at a time."""
    H, C = v.shape
    n = others.shape[0]
    for e in range(0, n, 2):
        f = min(e + 1, n - 1)  # where n is odd, the last one twice
        r0 = rows[others[e]]
        r1 = rows[others[f]]
        for h in range(H):
            a0 = f32(0)
            a1 = f32(0)
            for c in range(C):
                a0 += v[h, c] * r0[h, c]
                a1 += v[h, c] * r1[h, c]
            t[h, e] = a0
            t[h, f] = a1


@_jit
def _spill(acc, total):
    """Move a sum in float32 on to its total in float64."""
    for h in range(acc.shape[0]):
        for c in range(acc.shape[1]):
            total[h, c] += f64(acc[h, c])
            acc[h, c] = 0


@_jit
def _collect(acc, total):
    """Finish a sum whose parts were spilled."""
    for h in range(acc.shape[0]):
        for c in range(acc.shape[1]):
            acc[h, c] = f32(total[h, c] + f64(acc[h, c]))


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


def _gatv2_logits(score, i, others, s):
    mine = score.mine[i]
    a, slope = score.attention, score.slope
    n = others.shape[0]
    H, C = mine.shape
    for e in range(0, n, 2):
        f = min(e + 1, n - 1)
        t0 = score.theirs[others[e]]
        t1 = score.theirs[others[f]]
        for h in range(H):
            s0 = f32(0)
            s1 = f32(0)
            for c in range(C):
                x = mine[h, c] + t0[h, c]
                y = mine[h, c] + t1[h, c]
                s0 += a[h, c] * (x if x > 0 else slope * x)
                s1 += a[h, c] * (y if y > 0 else slope * y)
            s[h, e] = s0
            s[h, f] = s1


def _gatv2_pull(score, i, others, ds, g):
    mine = score.mine[i]
    slope = score.slope
    n = others.shape[0]
    H, C = mine.shape
    for e in range(0, n, 2):
        f = min(e + 1, n - 1)
        t0 = score.theirs[others[e]]
        t1 = score.theirs[others[f]]
        for h in range(H):
            w0 = ds[h, e]
            w1 = ds[h, f] if f > e else f32(0)
            u0 = w0 * slope
            u1 = w1 * slope
            for c in range(C):
                x = w0 if t0[h, c] + mine[h, c] > 0 else u0
                y = w1 if t1[h, c] + mine[h, c] > 0 else u1
                g[h, c] += x + y


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
_overload = {"jit_options": _ARITHMETIC}
overload(_logits, **_overload)(
    lambda score, i, others, s: _HOOKS[score.instance_class][0]
)
overload(_pull, **_overload)(
    lambda score, i, others, ds, g: _HOOKS[score.instance_class][1]
)
overload(_finish, **_overload)(
    lambda score, i, g, dmine, dattention: _HOOKS[score.instance_class][2]
)

# ---- attention: the walks over one block of rows [low, high) -------------------------


@_jit
def _add_bias(s, bias, edges):
    if bias.shape[0]:
        for e in range(edges.shape[0]):
            for h in range(s.shape[0]):
                s[h, e] += bias[edges[e], h]


@_jit
def _rescale(factor, o, total):
    for c in range(o.shape[0]):
        o[c] *= factor
        total[c] *= f64(factor)


@_jit
def _softmax_chunk(s, n, top, z, o, total):
    """Turn n logits of a row into powers over its running maximum, online."""
    for h in range(s.shape[0]):
        row = s[h]
        new = top[h]
        for e in range(n):
            new = max(new, row[e])
        if new > top[h]:
            factor = _exp(top[h] - new)
            z[h] *= f64(factor)
            _rescale(factor, o[h], total[h])
        top[h] = new
        acc = f32(0)
        for e in range(n):
            p = _exp(row[e] - new)
            row[e] = p
            acc += p
        z[h] += f64(acc)


@_jit
def _add_edge_features(w, first, n, edge_features, C, o):
    for e in range(n):
        for h in range(o.shape[0]):
            for k in range(edge_features.shape[1]):
                o[h, C + k] += w[h, e] * edge_features[first + e, k]


@_jit
def attend(low, high, indptr, senders, score, value, extras, drop, out, lse):
    """Write out and log-sum-exp of a block; extras = (bias, edge_features, offset)."""
    bias, edge_features, offset = extras
    H, C = value.shape[1:]
    D = out.shape[2]
    s = np.empty((H, CHUNK), f32)
    top = np.empty(H, f32)
    z = np.empty(H, f64)
    total = np.zeros((H, D), f64)
    for i in range(low, high):
        start, stop = indptr[i], indptr[i + 1]
        o = out[i]
        o[:] = 0
        top[:] = f32(-1e30)
        z[:] = 0
        for first in range(start, stop, CHUNK):
            n = min(CHUNK, stop - first)
            others = senders[first : first + n]
            _logits(score, i, others, s)
            if bias.shape[0]:
                for e in range(n):
                    for h in range(H):
                        s[h, e] += bias[first + e, h]
            _softmax_chunk(s, n, top, z, o, total)
            if drop[0]:
                for h in range(H):
                    for e in range(n):
                        s[h, e] *= _keep(first + e, h, drop)
            _weighted_sum(s, others, value, o)
            _add_edge_features(s, first, n, edge_features, C, o)
            if (first - start) % SPILL == SPILL - CHUNK:
                _spill(o, total)
        if stop - start >= SPILL:
            _collect(o, total)
            total[:] = 0
        for h in range(H):
            factor = f32(1 / z[h]) if stop > start else f32(0)
            lse[i, h] = f32(f64(top[h]) + math.log(z[h])) if stop > start else f32(0)
            for c in range(D):
                o[h, c] *= factor
            for c in range(C):
                o[h, c] += offset[h, c]


@_jit
def row_sums(low, high, out, dout, lse, offset, stat, doffset):
    """Pack stat[i, h] = (log-sum-exp, dout . (out - offset)); the walk by sender gathers both."""
    H, C = offset.shape
    for i in range(low, high):
        for h in range(H):
            acc = f32(0)
            for c in range(C):
                acc += (out[i, h, c] - offset[h, c]) * dout[i, h, c]
                doffset[h, c] += f64(dout[i, h, c])
            for c in range(C, out.shape[2]):
                acc += out[i, h, c] * dout[i, h, c]
            stat[i, h, 0] = lse[i, h]
            stat[i, h, 1] = acc


@_jit
def _weights_again(p, u, others, stat):
    """Turn logits into weights, p - log-sum-exp first; u = the receiver's dout . out."""
    n = others.shape[0]
    for e in range(n):
        for h in range(p.shape[0]):
            p[h, e] -= stat[others[e], h, 0]
            u[h, e] = stat[others[e], h, 1]
    for h in range(p.shape[0]):
        for e in range(n):
            p[h, e] = _exp(p[h, e])


@_jit
def _score_gradient(p, t, u, edges, drop):
    """Set t = p (keep t - u), and p = keep p."""
    n = edges.shape[0]
    for h in range(p.shape[0]):
        if drop[0]:
            for e in range(n):
                k = _keep(edges[e], h, drop)
                t[h, e] = p[h, e] * (t[h, e] * k - u[h, e])
                p[h, e] *= k
        else:
            for e in range(n):
                t[h, e] = p[h, e] * (t[h, e] - u[h, e])


@_jit
def _dot_edge_features(t, others, edges, edge_features, dout, C):
    for e in range(others.shape[0]):
        for h in range(t.shape[0]):
            for k in range(edge_features.shape[1]):
                t[h, e] += dout[others[e], h, C + k] * edge_features[edges[e], k]


@_jit
def _pull_edge_features(p, others, edges, dout, C, dedge_features):
    for e in range(others.shape[0]):
        for k in range(dedge_features.shape[1]):
            acc = f32(0)
            for h in range(p.shape[0]):
                acc += p[h, e] * dout[others[e], h, C + k]
            dedge_features[edges[e], k] = acc


@_jit
def pull_senders(
    low, high, plan, score, value, extras, drop, dout, stat, grads, dattention
):
    """Walk by sender: write the gradients of key, value, edge features and every score.

    plan = (indptr, receivers, edge numbers) of the transposed CSR, grads = (dkey,
    dvalue, dedge_features, dscore); dkey and dvalue may be one array.
    """
    indptr, receivers, numbers = plan
    bias, edge_features, _ = extras
    dkey, dvalue, dedge_features, dscore = grads
    H, C = value.shape[1:]
    g = np.empty((H, C), f32)
    g_total = np.zeros((H, C), f64)
    v_total = np.zeros((H, C), f64)
    p = np.empty((H, CHUNK), f32)
    t = np.empty((H, CHUNK), f32)
    u = np.empty((H, CHUNK), f32)
    for j in range(low, high):
        start, stop = indptr[j], indptr[j + 1]
        g[:] = 0
        dvalue[j] = 0
        if dkey.ndim == 3:
            dkey[j] = 0
        for first in range(start, stop, CHUNK):
            n = min(CHUNK, stop - first)
            others = receivers[first : first + n]
            edges = numbers[first : first + n]
            _logits(score, j, others, p)
            _add_bias(p, bias, edges)
            _weights_again(p, u, others, stat)
            _dots(value[j], others, dout, t)
            _dot_edge_features(t, others, edges, edge_features, dout, C)
            _score_gradient(p, t, u, edges, drop)
            _weighted_sum(p, others, dout, dvalue[j])
            _pull(score, j, others, t, g)
            _pull_edge_features(p, others, edges, dout, C, dedge_features)
            for e in range(n):
                for h in range(H):
                    dscore[edges[e], h] = t[h, e]
            if (first - start) % SPILL == SPILL - CHUNK:
                _spill(g, g_total)
                _spill(dvalue[j], v_total)
        if stop - start >= SPILL:
            _collect(g, g_total)
            _collect(dvalue[j], v_total)
            g_total[:] = 0
            v_total[:] = 0
        _finish(score, j, g, dkey, dattention)


@_jit
def pull_receivers(low, high, indptr, senders, score, dscore, dquery, dattention):
    """Walk by receiver: write the gradient of the query from that of the scores."""
    H = dscore.shape[1]
    width = dquery.shape[2] if dquery.ndim == 3 else 1
    g = np.empty((H, width), f32)
    total = np.zeros((H, width), f64)
    t = np.empty((H, CHUNK), f32)
    for i in range(low, high):
        start, stop = indptr[i], indptr[i + 1]
        g[:] = 0
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
            total[:] = 0
        _finish(score, i, g, dquery, dattention)


# ---- around attention ----------------------------------------------------------------


@_jit
def transpose(indptr, senders, sent, receivers, numbers):
    """Sort the edges by sender, stable: sent = (n_senders + 1,) zeros on entry."""
    for e in range(senders.shape[0]):
        sent[senders[e] + 1] += 1
    for j in range(sent.shape[0] - 1):
        sent[j + 1] += sent[j]
    for i in range(indptr.shape[0] - 1):
        for e in range(indptr[i], indptr[i + 1]):
            j = senders[e]
            receivers[sent[j]] = i
            numbers[sent[j]] = e
            sent[j] += 1
    for j in range(sent.shape[0] - 1, 0, -1):  # each start moved on to the next one's
        sent[j] = sent[j - 1]
    sent[0] = 0


@_jit
def drop_elements(low, high, x, drop, y):
    """Write the elements of a flat array that are kept, scaled."""
    for k in range(low, high):
        y[k] = x[k] * _keep(k, k >> 32, drop)


@_jit
def multiply_rows(low, high, indptr, columns, numbers, values, dense, drop, out):
    """Write rows of a sparse matrix times a dense one.

    Entry k has the value values[numbers[k]], or values[k] where numbers is empty.
    """
    n_columns = dense.shape[1]
    w = np.empty(CHUNK, f32)
    total = np.zeros(n_columns, f64)
    for i in range(low, high):
        start, stop = indptr[i], indptr[i + 1]
        o = out[i]
        o[:] = 0
        for first in range(start, stop, CHUNK):
            n = min(CHUNK, stop - first)
            for e in range(n):
                k = np.int64(numbers[first + e]) if numbers.shape[0] else first + e
                w[e] = values[k] * _keep(k, k >> 32, drop)
            _add_rows(w, columns[first : first + n], dense, o)
            if (first - start) % SPILL == SPILL - CHUNK:
                for c in range(n_columns):
                    total[c] += f64(o[c])
                    o[c] = 0
        if stop - start >= SPILL:
            for c in range(n_columns):
                o[c] = f32(total[c] + f64(o[c]))
                total[c] = 0


@_jit
def _add_rows(w, others, rows, o):
    n = others.shape[0]
    e = 0
    while e + 4 <= n:
        r0, r1 = rows[others[e]], rows[others[e + 1]]
        r2, r3 = rows[others[e + 2]], rows[others[e + 3]]
        w0, w1, w2, w3 = w[e], w[e + 1], w[e + 2], w[e + 3]
        for c in range(o.shape[0]):
            o[c] += (w0 * r0[c] + w1 * r1[c]) + (w2 * r2[c] + w3 * r3[c])
        e += 4
    while e < n:
        r0 = rows[others[e]]
        for c in range(o.shape[0]):
            o[c] += w[e] * r0[c]
        e += 1
