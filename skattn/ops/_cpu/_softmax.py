"""Softmax over the edges of every row, for groups of edges.

Long rows use the online softmax (Milakov and Gimelshein 2018): partial sums are
rescaled whenever the maximum grows.
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

from skattn.ops._cpu import _lanes as lanes
from skattn.ops._cpu._compiler import inlined, loop
from skattn.ops._cpu._edge_groups import LOWEST, f32, f64, row_span, scale
from skattn.ops._cpu._lanes import larger, splat
from skattn.ops._cpu._layout import LANES
from skattn.ops._cpu._memory import after, load, store


@inlined
def exp(x):
    """Exponential as in Cephes' expf, relative error 1.2e-7."""
    x = larger(x, -87.0)
    n = lanes.floor(x * 1.4426950408889634 + 0.5)
    r = x - n * 0.693145751953125 - n * 1.428606765330187e-06
    p = 1.9875691500e-4 * r + 1.3981999507e-3
    p = p * r + 8.3334519073e-3
    p = p * r + 4.1665795894e-2
    p = p * r + 1.6666665459e-1
    p = p * r + 5.0000001201e-1
    return (p * r * r + (r + 1.0)) * lanes.power_of_two(n)


@inlined
def _log(x):
    """Logarithm of positive numbers as in Cephes' logf."""
    m, k = lanes.logarithm_parts(x)
    f = m - 1.0
    p = 7.0376836292e-2 * f - 1.1514610310e-1
    p = p * f + 1.1676998740e-1
    p = p * f - 1.2420140846e-1
    p = p * f + 1.4249322787e-1
    p = p * f - 1.6668057665e-1
    p = p * f + 2.0000714765e-1
    p = p * f - 2.4999993993e-1
    p = p * f + 3.3333331174e-1
    ff = f * f
    return f + (f * ff * p - 2.12194440e-4 * k - 0.5 * ff) + 0.693359375 * k


@inlined
def exp_inplace(x, n):
    for k in loop(0, n, LANES):
        store(x, k, exp(load(x, k)))


@inlined
def _max_per_head(x, slots):
    """Return the maximum of each head in all its lanes."""
    if slots < 8:
        x = larger(x, lanes.swap4(x))
    if slots < 4:
        x = larger(x, lanes.swap2(x))
    if slots < 2:
        x = larger(x, lanes.swap1(x))
    return x


@inlined
def _sum_per_head(x, slots):
    """Return the sum of each head in all its lanes."""
    if slots < 8:
        x += lanes.swap4(x)
    if slots < 4:
        x += lanes.swap2(x)
    if slots < 2:
        x += lanes.swap1(x)
    return x


@inlined
def subtract_max(indptr, group, sizes, workspace):
    """Write scores minus the maximum of their row and head to t, maxima to top."""
    slots = sizes.slots
    step = max(slots, LANES)
    for r in loop(group.i, group.k):
        start, m, is_fresh = row_span(indptr, group, r)
        s, t = after(workspace.s, start * slots), after(workspace.t, start * slots)
        for h in loop(0, slots, LANES):
            best = splat(LOWEST)
            for k in loop(h, m * slots, step):
                best = larger(best, lanes.first(m * slots - k, load(s, k), LOWEST))
            best = _max_per_head(best, slots)
            if not is_fresh:
                best = _rescale(h, best, sizes, workspace)
            kept = lanes.first(m * slots, best, 0.0)
            store(workspace.top, (r - group.i) * slots + h, kept)
            for k in loop(h, m * slots, step):
                store(t, k, load(s, k) - best)


@inlined
def _rescale(h, best, sizes, workspace):
    """Rescale the partial sums of a long row to a higher maximum."""
    best = larger(load(workspace.top, h), best)
    store(workspace.u, 0, exp(load(workspace.top, h) - best))
    for q in loop(min(sizes.sums - h, LANES)):
        factor, C, K = workspace.u[q], sizes.step, sizes.features
        workspace.z_sums[h + q] *= f64(factor)
        scale(factor, (h + q) * C, C, workspace.o, workspace.o_sums)
        scale(factor, (h + q) * K, K, workspace.g, workspace.g_sums)
    return best


@inlined
def sum_exponentials(indptr, group, sizes, workspace):
    """Write the sum of the exponentials of every row to z."""
    slots = sizes.slots
    for r in loop(group.i, group.k):
        start, m, is_fresh = row_span(indptr, group, r)
        t, z = (
            after(workspace.t, start * slots),
            after(workspace.z, (r - group.i) * slots),
        )
        for h in loop(0, slots, LANES):
            acc = splat(0.0)
            for k in loop(h, m * slots, max(slots, LANES)):
                acc += lanes.first(m * slots - k, load(t, k), 0.0)
            store(z, h, lanes.first(m * slots, _sum_per_head(acc, slots), 1.0))
        if not is_fresh or indptr[r + 1] > group.end:
            for h in loop(sizes.sums):
                workspace.z_sums[h] = f64(z[h]) + (
                    0.0 if is_fresh else workspace.z_sums[h]
                )
                z[h] = f32(workspace.z_sums[h])


@inlined
def finish_softmax(n, workspace):
    """Replace maxima in top by log-sum-exps, and sums in z by their inverses."""
    for k in loop(0, n, LANES):
        z = load(workspace.z, k)
        store(workspace.top, k, load(workspace.top, k) + _log(z))
        store(workspace.z, k, 1.0 / z)
