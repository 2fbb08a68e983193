"""Backward kernels of attention, over blocks of rows of a CSR.

Weights are recomputed in one walk by sender, which writes the gradients of key and
value and of every edge's score; a walk by receiver finishes the gradient of the query.
That walk is not needed for "gat" where forward has summed the values of scores above 0
apart, see `_query_gradient`. Few edges, which one thread walks alone, take a single
walk by receiver that adds to the rows of senders, from stored scores
(`fused_gradients`). Measurements: benchmarks/README.md.
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

from skattn.ops._cpu import _lanes as lanes
from skattn.ops._cpu import _walk as walk
from skattn.ops._cpu._compiler import kernel, loop, part
from skattn.ops._cpu._forward_kernels import score_edges, write_edges
from skattn.ops._cpu._hooks import add_gradient, add_gradients, finish_gradient
from skattn.ops._cpu._lanes import splat
from skattn.ops._cpu._layout import LANES
from skattn.ops._cpu._memory import (
    after,
    doubles,
    floats,
    load,
    load_first,
    longs,
    store,
    store_first,
)
from skattn.ops._cpu._records import (
    Forward,
    Gradients,
    HeadShape,
    Rows,
    Sizes,
    Statistics,
    Sums,
    Upstream,
)
from skattn.ops._cpu._softmax import exp
from skattn.ops._cpu._walk import (
    carry_sums,
    f32,
    named,
    next_group,
    row_span,
    spill,
    start_of,
    workspace_at,
)

__all__ = [
    "fused_gradients", "receiver_gradients", "row_statistics", "sender_gradients",
]  # fmt: skip


@part
def _row_sum(at, h, sizes, forward, acc):
    """Return dout . (out - offset) of a receiver's head; add dout to acc."""
    W, C, K = sizes.width, sizes.step, sizes.features
    out, dout = after(floats(forward.out), at), after(floats(forward.dout), at)
    offset = forward.offset
    s = splat(0.0)
    for c in loop(0, W, LANES):
        d, x = load_first(dout, c, W - c), load_first(out, c, W - c)
        if offset:
            x -= load(floats(offset), h * C + c)
            store(acc, h * C + c, load(acc, h * C + c) + d)
        s += d * x
    for c in loop(W, W + K, LANES):
        s += load_first(dout, c, W + K - c) * load_first(out, c, W + K - c)
    return lanes.across(s)


@part
def _change(at, sizes, forward):
    """Return dout . (above - out) of a receiver's head."""
    width = sizes.width + sizes.features
    out, dout = after(floats(forward.out), at), after(floats(forward.dout), at)
    above, s = after(floats(forward.above), at), splat(0.0)
    for c in loop(0, width, LANES):
        x = load_first(above, c, width - c) - load_first(out, c, width - c)
        s += load_first(dout, c, width - c) * x
    return lanes.across(s)


@part
def _query_gradient(i, sizes, forward, dquery):
    """Write the gradient of "gat"'s query, without a walk over the edges.

    The gradients of a row's scores sum to 0. LeakyReLU multiplies those of scores above
    0 by 1 and the others by `slope`: the sum is `1 - slope` times the sum of those
    above, which is dout . (their output - the output) times their share of the weights.
    """
    H, lse, lse_above = sizes.heads, floats(forward.lse), floats(forward.lse_above)
    for h in loop(H):
        k = i * H + h
        share = exp(splat(lse_above[k] - lse[k]))
        s = _change(k * (sizes.width + sizes.features), sizes, forward)
        store_first(dquery, k, share * s * (1.0 - forward.slope), 1)


@kernel
def row_statistics(first, stop, rows, sizes, forward, written, work):
    """Pack stat[i] = (queries of "gat", log-sum-exps, dout . (out - offset)).

    Edges then gather from one table.
    """
    rows, sizes, forward = Rows(*rows), Sizes(*sizes), Forward(*forward)
    written = Statistics(*written)
    H, W, C, K = sizes.heads, sizes.width, sizes.step, sizes.features
    cuts, lse = longs(rows.cuts), floats(forward.lse)
    apart = (3 if forward.query else 2) * H
    acc = floats(work)
    for block in loop(first, stop):
        sums = doubles(written.doffset + 8 * block * H * C)
        for i in loop(cuts[block], cuts[block + 1]):
            stat = after(floats(written.stat), i * apart)
            if forward.query:
                for h in loop(H):
                    stat[h] = floats(forward.query)[i * H + h]
                stat = after(stat, H)
            for h in loop(H):
                s = _row_sum((i * H + h) * (W + K), h, sizes, forward, acc)
                stat[h] = lse[i * H + h]
                stat[H + h] = s
            if forward.offset and (i % walk.CHUNK == 0 or i == cuts[block + 1] - 1):
                spill(acc, H * C, sums)
            if written.dquery:
                _query_gradient(i, sizes, forward, floats(written.dquery))


@part
def _recompute_weights(stat, apart, receivers, sizes, n, workspace):
    """Turn scores into weights."""
    walk.gather_heads(stat, apart, receivers, n, sizes, workspace.u)
    for k in loop(0, n * sizes.slots, LANES):
        store(workspace.s, k, exp(load(workspace.s, k) - load(workspace.u, k)))


@part
def _multiply_edge_features(sizes, inputs, dout, receivers, n, workspace):
    H, slots, W, K = sizes.heads, sizes.slots, sizes.width, sizes.features
    for e in loop(n):
        row = after(floats(dout), receivers[e] * H * (W + K))
        features = after(floats(inputs.edge_features), workspace.numbers[e] * K)
        for h in loop(H):
            for c in loop(K):
                workspace.t[e * slots + h] += row[h * (W + K) + W + c] * features[c]


@part
def _softmax_gradient(stat, apart, receivers, sizes, n, inputs, dscore, workspace):
    """Turn t into gradients of scores, and s into weights after dropout.

    t = p (keep t - u), then p = keep p; u is the receiver's dout . (out - offset).
    """
    slots = sizes.slots
    walk.gather_heads(after(stat, sizes.heads), apart, receivers, n, sizes, workspace.u)
    for k in loop(0, n * slots, LANES):
        store(workspace.u, k, load(workspace.u, k) * load(workspace.s, k))
    if inputs.threshold:
        walk.drop_weights(workspace.s, sizes, n, inputs, workspace)
    for k in loop(0, n * slots, LANES):
        store(
            workspace.t,
            k,
            load(workspace.s, k) * load(workspace.t, k) - load(workspace.u, k),
        )
    if dscore:
        write_edges(workspace.t, sizes, n, dscore, workspace)


@part
def _edge_feature_gradients(sizes, dout, receivers, n, dedge_features, workspace):
    H, slots, W, K = sizes.heads, sizes.slots, sizes.width, sizes.features
    for e in loop(n):
        row = after(floats(dout), receivers[e] * H * (W + K))
        to = after(floats(dedge_features), workspace.numbers[e] * K)
        for c in loop(K):
            acc = f32(0)
            for h in loop(H):
                acc += workspace.s[e * slots + h] * row[h * (W + K) + W + c]
            to[c] = acc


@part
def _group_gradients(call, upstream, receivers, products, n, grads, workspace):
    """Turn s from scores into weights after dropout, and t into gradients of scores.

    products = (tables of walked and of gathered, dout and values, and how far apart
    heads are in each).
    """
    _, sizes, inputs = call
    dout, stat, apart = upstream.dout, floats(upstream.stat), upstream.apart
    _recompute_weights(stat, apart, receivers, sizes, n, workspace)
    walked, gathered, strides = products
    walk.multiply(walked, gathered, strides, sizes, n, workspace, workspace.t)
    if sizes.features:
        _multiply_edge_features(sizes, inputs, dout, receivers, n, workspace)
    _softmax_gradient(stat, apart, receivers, sizes, n, inputs, grads.dscore, workspace)
    if sizes.features:
        _edge_feature_gradients(
            sizes, dout, receivers, n, grads.dedge_features, workspace
        )


@part
def _write_sender(r, score, sizes, workspace, grads):
    """Write a row's gradients; their sum where key and value are the same tensor."""
    if grads.dkey == grads.dvalue:
        for k in loop(0, sizes.heads * sizes.step, LANES):
            store(workspace.g, k, load(workspace.g, k) + load(workspace.o, k))
    else:
        shape = HeadShape(sizes.heads, sizes.width, sizes.step)
        walk.write(workspace.o, shape, floats(grads.dvalue), r)
    walk.write(workspace.g, score, floats(grads.dkey), r)


@part
def _sum_sender_rows(rows, group, call, dout, workspace, grads):
    """Sum dout by the weights in s, and the score's gradients by those in t."""
    score, sizes, _ = call
    H, slots, C, columns = sizes.heads, sizes.slots, sizes.step, sizes.columns
    indptr, stride = longs(rows.indptr), score.heads * score.step
    for r in loop(group.i, group.k):
        start, m, is_fresh = row_span(indptr, group, r)
        if is_fresh:
            walk.clear(workspace.o, H * C)
            walk.clear(workspace.g, stride)
        others = after(workspace.others, start)
        walk.copy_row(workspace.s, start, m, slots, workspace.w)
        shape = H, columns, C
        walk.weighted_sum(workspace.w, slots, others, m, dout, shape, 0, workspace.o)
        walk.copy_row(workspace.t, start, m, slots, workspace.w)
        add_gradient(score, r, others, m, slots, workspace.w, 0, workspace.g)
        carry_sums(indptr, r, group.end, workspace.o, H * C, workspace.o_sums)
        if carry_sums(indptr, r, group.end, workspace.g, stride, workspace.g_sums):
            finish_gradient(score, r, workspace.g, workspace.d)
            _write_sender(r, score, sizes, workspace, grads)


@kernel
def sender_gradients(first, stop, rows, call, upstream, grads, work):
    """Write the gradients of key, value, edge features and every score.

    Rows are those by sender; `dscore` may be 0.
    """
    rows, call, grads = Rows(*rows), named(call), Gradients(*grads)
    upstream = Upstream(*upstream)
    score, sizes, inputs = call
    value, dout = floats(inputs.value), floats(upstream.table)
    products = value, dout, (sizes.step, sizes.columns)
    stride = score.heads * score.step
    workspace = workspace_at(work, sizes, score)
    cuts, indptr, i, begin, end = start_of(rows, first, stop)
    for block in loop(first, stop):
        high = cuts[block + 1]
        while i < high:
            group = next_group(rows, i, begin, high, sizes.ahead, end, workspace)
            begin, n = group.end, group.end - begin
            score_edges(score, inputs.bias, sizes, n, workspace)
            receivers = workspace.others
            _group_gradients(call, upstream, receivers, products, n, grads, workspace)
            _sum_sender_rows(rows, group, call, dout, workspace, grads)
            if grads.dattention:
                spill(workspace.d, stride, _of_block(grads.dattention, block, stride))
            if begin == indptr[group.k]:
                i = group.k


@part
def _of_block(sums, block, n):
    """Return a block's n sums in float64."""
    return doubles(sums + 8 * block * n)


@kernel
def receiver_gradients(first, stop, rows, call, dscore, grads, work):
    """Write the gradient of the query from that of the scores."""
    rows, call, grads = Rows(*rows), named(call), Gradients(*grads)
    score, sizes, _ = call
    stride = score.heads * score.step
    workspace = workspace_at(work, sizes, score)
    cuts, indptr, i, begin, end = start_of(rows, first, stop)
    for block in loop(first, stop):
        high = cuts[block + 1]
        while i < high:
            group = next_group(rows, i, begin, high, sizes.ahead, end, workspace)
            begin, n = group.end, group.end - begin
            t, numbers = workspace.t, workspace.numbers
            walk.gather_heads(floats(dscore), sizes.heads, numbers, n, sizes, t)
            _sum_receiver_rows(indptr, group, call, workspace, grads)
            if grads.dattention:
                spill(workspace.d, stride, _of_block(grads.dattention, block, stride))
            if begin == indptr[group.k]:
                i = group.k


@part
def _sum_receiver_rows(indptr, group, call, workspace, grads):
    """Sum the score's gradients by those in t."""
    score, sizes, _ = call
    slots, ahead, w, g = sizes.slots, sizes.ahead, workspace.w, workspace.g
    stride = score.heads * score.step
    for r in loop(group.i, group.k):
        start, m, is_fresh = row_span(indptr, group, r)
        if is_fresh:
            walk.clear(g, stride)
        walk.copy_row(workspace.t, start, m, slots, w)
        others = after(workspace.others, start)
        add_gradient(score, r, others, m, slots, w, ahead, g)
        if carry_sums(indptr, r, group.end, g, stride, workspace.g_sums):
            finish_gradient(score, r, g, workspace.d)
            walk.write(g, score, floats(grads.dquery), r)


@part
def _add_to_both_ends(rows, group, call, upstream, grads, workspace):
    """Add the gradients of senders to their rows, and finish those of receivers."""
    score, sizes, _ = call
    H, slots, C, columns = sizes.heads, sizes.slots, sizes.step, sizes.columns
    indptr, stride = longs(rows.indptr), score.heads * score.step
    dvalue, g = floats(grads.dvalue), workspace.g
    sums = Sums(g, floats(grads.dkey), workspace.d)
    for r in loop(group.i, group.k):
        start, m, is_fresh = row_span(indptr, group, r)
        if is_fresh:
            walk.clear(g, stride)
        others = after(workspace.others, start)
        w = after(workspace.s, start * slots)
        dscore = after(workspace.t, start * slots)
        dout = after(floats(upstream.table), r * H * columns)
        walk.add_multiples(w, slots, others, m, dout, (H, columns, C), dvalue)
        add_gradients(score, r, others, m, slots, dscore, sums)
        if carry_sums(indptr, r, group.end, g, stride, workspace.g_sums):
            finish_gradient(score, r, g, workspace.d)
            walk.write(g, score, floats(grads.dquery), r)


@kernel
def fused_gradients(first, stop, rows, call, upstream, grads, work):
    """Write all gradients in one walk by receiver; no other thread adds to them.

    `dkey` and `dvalue`, in whole lanes, are zeros on entry.
    """
    rows, call, grads = Rows(*rows), named(call), Gradients(*grads)
    upstream = Upstream(*upstream)
    score, sizes, inputs = call
    value, dout = floats(inputs.value), floats(upstream.table)
    products = dout, value, (sizes.columns, sizes.step)
    stride = score.heads * score.step
    workspace = workspace_at(work, sizes, score)
    cuts, indptr, i, begin, end = start_of(rows, first, stop)
    for block in loop(first, stop):
        high = cuts[block + 1]
        while i < high:
            group = next_group(rows, i, begin, high, sizes.ahead, end, workspace)
            begin, n = group.end, group.end - begin
            scores, s = floats(upstream.scores), workspace.s
            walk.gather_heads(scores, sizes.heads, workspace.numbers, n, sizes, s)
            receivers = workspace.walked
            _group_gradients(call, upstream, receivers, products, n, grads, workspace)
            _add_to_both_ends(rows, group, call, upstream, grads, workspace)
            if grads.dattention:
                spill(workspace.d, stride, _of_block(grads.dattention, block, stride))
            if begin == indptr[group.k]:
                i = group.k
