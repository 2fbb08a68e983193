"""Backward kernels of attention, over blocks of CSR rows.

`sender_gradients`, a pass over the edges by sender, recomputes the attention weights
and writes the gradients of key, value and scores; `receiver_gradients`, a pass by
receiver, sums the gradient of the query. "gat" needs no second pass if the forward pass
also computed the output over positive scores (`_query_gradient`). Small graphs take one
single-threaded pass by receiver from stored scores (`fused_gradients`).
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

from numba.extending import overload

from skattn.ops._cpu import _edge_groups as groups
from skattn.ops._cpu import _lanes as lanes
from skattn.ops._cpu._compiler import INLINED, inlined, kernel, loop
from skattn.ops._cpu._edge_groups import (
    as_records,
    carry_sums,
    f32,
    next_group,
    row_span,
    spill,
    start_blocks,
    workspace_at,
)
from skattn.ops._cpu._forward_kernels import score_edges, write_edges
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
from skattn.ops._cpu._score_kernels import (
    add_edge_gradients,
    add_row_gradient,
    finish_gradient,
)
from skattn.ops._cpu._softmax import exp
from skattn.ops._cpu._typed_kernels import (
    gather_own,
    gather_senders,
    is_typed,
    sum_typed_senders,
)

__all__ = [
    "fused_gradients", "receiver_gradients", "row_statistics", "sender_gradients",
]  # fmt: skip


@inlined
def _row_sum(at, h, sizes, forward, acc):
    """Return dout . (out - offset) of one head of a receiver; add dout to acc."""
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
    return lanes.sum_lanes(s)


@inlined
def _dot_difference(at, sizes, forward):
    """Return dout . (above - out) of one head of a receiver."""
    width = sizes.width + sizes.features
    out, dout = after(floats(forward.out), at), after(floats(forward.dout), at)
    above, s = after(floats(forward.above), at), splat(0.0)
    for c in loop(0, width, LANES):
        x = load_first(above, c, width - c) - load_first(out, c, width - c)
        s += load_first(dout, c, width - c) * x
    return lanes.sum_lanes(s)


@inlined
def _query_gradient(i, sizes, forward, dquery):
    """Write the gradient of the query of "gat" without a pass over the edges.

    The score gradients of a row sum to 0, and LeakyReLU multiplies those of negative
    scores by `slope`. The query's gradient is therefore `1 - slope` times the sum over
    positive scores: their share of the weights times dout . (above - out), where
    `above` is the output of a softmax over positive scores only.
    """
    H, lse, lse_above = sizes.heads, floats(forward.lse), floats(forward.lse_above)
    for h in loop(H):
        k = i * H + h
        share = exp(splat(lse_above[k] - lse[k]))
        s = _dot_difference(k * (sizes.width + sizes.features), sizes, forward)
        store_first(dquery, k, share * s * (1.0 - forward.slope), 1)


@kernel
def row_statistics(first, stop, rows, sizes, forward, written, work):
    """Pack stat[i] = (queries of "gat", log-sum-exps, dout . (out - offset)).

    With one table, an edge gathers all of them from adjacent memory.
    """
    rows, sizes, forward = Rows(*rows), Sizes(*sizes), Forward(*forward)
    written = Statistics(*written)
    H, W, C, K = sizes.heads, sizes.width, sizes.step, sizes.features
    cuts, lse = longs(rows.cuts), floats(forward.lse)
    stride = (3 if forward.query else 2) * H
    acc = floats(work)
    for block in loop(first, stop):
        sums = doubles(written.doffset + 8 * block * H * C)
        for i in loop(cuts[block], cuts[block + 1]):
            stat = after(floats(written.stat), i * stride)
            if forward.query:
                for h in loop(H):
                    stat[h] = floats(forward.query)[i * H + h]
                stat = after(stat, H)
            for h in loop(H):
                s = _row_sum((i * H + h) * (W + K), h, sizes, forward, acc)
                stat[h] = lse[i * H + h]
                stat[H + h] = s
            if forward.offset and (i % groups.CHUNK == 0 or i == cuts[block + 1] - 1):
                spill(acc, H * C, sums)
            if written.dquery:
                _query_gradient(i, sizes, forward, floats(written.dquery))


@inlined
def _recompute_weights(stat, stride, receivers, sizes, n, workspace):
    """Replace the scores in s by attention weights."""
    groups.gather_heads(stat, stride, receivers, n, sizes, workspace.u)
    for k in loop(0, n * sizes.slots, LANES):
        store(workspace.s, k, exp(load(workspace.s, k) - load(workspace.u, k)))


@inlined
def _multiply_edge_features(sizes, inputs, dout, receivers, n, workspace):
    H, slots, W, K = sizes.heads, sizes.slots, sizes.width, sizes.features
    for e in loop(n):
        row = after(floats(dout), receivers[e] * H * (W + K))
        features = after(floats(inputs.edge_features), workspace.numbers[e] * K)
        for h in loop(H):
            for c in loop(K):
                workspace.t[e * slots + h] += row[h * (W + K) + W + c] * features[c]


@inlined
def _softmax_gradient(stat, stride, receivers, sizes, n, inputs, dscore, workspace):
    """Replace t by the gradients of the scores, and s by the weights after dropout.

    With weights p in s and u = dout . (out - offset) of the receiver:
    t = p (keep t - u), s = keep p.
    """
    slots = sizes.slots
    groups.gather_heads(
        after(stat, sizes.heads), stride, receivers, n, sizes, workspace.u
    )
    for k in loop(0, n * slots, LANES):
        store(workspace.u, k, load(workspace.u, k) * load(workspace.s, k))
    if inputs.threshold:
        groups.drop_weights(workspace.s, sizes, n, inputs, workspace)
    for k in loop(0, n * slots, LANES):
        store(
            workspace.t,
            k,
            load(workspace.s, k) * load(workspace.t, k) - load(workspace.u, k),
        )
    if dscore:
        write_edges(workspace.t, sizes, n, dscore, workspace)


@inlined
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


@inlined
def _group_gradients(call, upstream, receivers, products, n, grads, workspace):
    """Replace scores in s by weights after dropout; write score gradients to t.

    products = (table of the rows, table of the gathered nodes, their strides between
    heads); the tables are dout and the values.
    """
    _, sizes, inputs = call
    dout, stat, stride = upstream.dout, floats(upstream.stat), upstream.stat_stride
    _recompute_weights(stat, stride, receivers, sizes, n, workspace)
    row_table, gathered, strides = products
    groups.multiply(row_table, gathered, strides, sizes, n, workspace, workspace.t)
    if sizes.features:
        _multiply_edge_features(sizes, inputs, dout, receivers, n, workspace)
    _softmax_gradient(
        stat, stride, receivers, sizes, n, inputs, grads.dscore, workspace
    )
    if sizes.features:
        _edge_feature_gradients(
            sizes, dout, receivers, n, grads.dedge_features, workspace
        )


@inlined
def _write_sender(r, score, sizes, workspace, grads):
    """Write the gradients of key and value, or their sum if both are one tensor."""
    if grads.dkey == grads.dvalue:
        for k in loop(0, sizes.heads * sizes.step, LANES):
            store(workspace.g, k, load(workspace.g, k) + load(workspace.o, k))
    else:
        shape = HeadShape(sizes.heads, sizes.width, sizes.step)
        groups.write(workspace.o, shape, floats(grads.dvalue), r)
    groups.write(workspace.g, score, floats(grads.dkey), r)


def _sum_senders(rows, group, calls, dout, block, workspace, grads):
    """Sum the gradients of the senders; calls = (call, call with rows of edges)."""


@overload(_sum_senders, jit_options=INLINED)
def _choose_sum_senders(rows, group, calls, dout, block, workspace, grads):
    return sum_typed_senders if is_typed(calls.types[0]) else _sum_sender_rows


def _sum_sender_rows(rows, group, calls, dout, block, workspace, grads):
    """Sum dout weighted by s, and the gradients of the scores' inputs weighted by t."""
    score, sizes, _ = calls[0]
    H, slots, C, columns = sizes.heads, sizes.slots, sizes.step, sizes.columns
    indptr, stride = longs(rows.indptr), score.heads * score.step
    for r in loop(group.i, group.k):
        start, m, is_fresh = row_span(indptr, group, r)
        if is_fresh:
            groups.clear(workspace.o, H * C)
            groups.clear(workspace.g, stride)
        others = after(workspace.others, start)
        groups.copy_row(workspace.s, start, m, slots, workspace.w)
        shape = H, columns, C
        groups.weighted_sum(workspace.w, slots, others, m, dout, shape, 0, workspace.o)
        groups.copy_row(workspace.t, start, m, slots, workspace.w)
        add_row_gradient(score, r, others, m, slots, workspace.w, 0, workspace.g)
        carry_sums(indptr, r, group.end, workspace.o, H * C, workspace.o_sums)
        if carry_sums(indptr, r, group.end, workspace.g, stride, workspace.g_sums):
            finish_gradient(score, r, workspace.g, workspace.d)
            _write_sender(r, score, sizes, workspace, grads)


@kernel
def sender_gradients(first, stop, rows, call, upstream, grads, work):
    """Write the gradients of key, value, edge features and scores, in rows by sender.

    `dscore` is 0 if the gradients of the scores are not needed.
    """
    rows, call, grads = Rows(*rows), as_records(call), Gradients(*grads)
    upstream = Upstream(*upstream)
    score, sizes, _ = call
    dout = floats(upstream.table)
    stride = score.heads * score.step
    workspace = workspace_at(work, sizes, score)
    cuts, indptr, i, begin, end = start_blocks(rows, first, stop)
    for block in loop(first, stop):
        high = cuts[block + 1]
        while i < high:
            group = next_group(rows, i, begin, high, sizes.ahead, end, workspace)
            begin, n = group.end, group.end - begin
            near = gather_own(call, rows, group, end, workspace)
            score_edges(near, n, workspace)
            receivers, value = workspace.others, floats(near[2].value)
            products = value, dout, (sizes.step, sizes.columns)
            _group_gradients(near, upstream, receivers, products, n, grads, workspace)
            _sum_senders(rows, group, (call, near), dout, block, workspace, grads)
            if grads.dattention:
                spill(workspace.d, stride, _block_sums(grads.dattention, block, stride))
            if begin == indptr[group.k]:
                i = group.k


@inlined
def _block_sums(sums, block, n):
    """Return the n float64 sums of a block."""
    return doubles(sums + 8 * block * n)


@kernel
def receiver_gradients(first, stop, rows, call, dscore, grads, work):
    """Write the gradient of the query from those of the scores."""
    rows, call, grads = Rows(*rows), as_records(call), Gradients(*grads)
    score, sizes, _ = call
    stride = score.heads * score.step
    workspace = workspace_at(work, sizes, score)
    cuts, indptr, i, begin, end = start_blocks(rows, first, stop)
    for block in loop(first, stop):
        high = cuts[block + 1]
        while i < high:
            group = next_group(rows, i, begin, high, sizes.ahead, end, workspace)
            begin, n = group.end, group.end - begin
            t, numbers = workspace.t, workspace.numbers
            groups.gather_heads(floats(dscore), sizes.heads, numbers, n, sizes, t)
            near = gather_senders(call, False, n, workspace)
            _sum_receiver_rows(indptr, group, near, workspace, grads)
            if grads.dattention:
                spill(workspace.d, stride, _block_sums(grads.dattention, block, stride))
            if begin == indptr[group.k]:
                i = group.k


@inlined
def _sum_receiver_rows(indptr, group, call, workspace, grads):
    """Sum the gradients of the queries weighted by t."""
    score, sizes, _ = call
    slots, ahead, w, g = sizes.slots, sizes.ahead, workspace.w, workspace.g
    stride = score.heads * score.step
    for r in loop(group.i, group.k):
        start, m, is_fresh = row_span(indptr, group, r)
        if is_fresh:
            groups.clear(g, stride)
        groups.copy_row(workspace.t, start, m, slots, w)
        others = after(workspace.others, start)
        add_row_gradient(score, r, others, m, slots, w, ahead, g)
        if carry_sums(indptr, r, group.end, g, stride, workspace.g_sums):
            finish_gradient(score, r, g, workspace.d)
            groups.write(g, score, floats(grads.dquery), r)


@inlined
def _add_to_both_ends(rows, group, call, upstream, grads, workspace):
    """Add gradients to the rows of the senders, and write those of the receivers."""
    score, sizes, _ = call
    H, slots, C, columns = sizes.heads, sizes.slots, sizes.step, sizes.columns
    indptr, stride = longs(rows.indptr), score.heads * score.step
    dvalue, g = floats(grads.dvalue), workspace.g
    sums = Sums(g, floats(grads.dkey), workspace.d)
    for r in loop(group.i, group.k):
        start, m, is_fresh = row_span(indptr, group, r)
        if is_fresh:
            groups.clear(g, stride)
        others = after(workspace.others, start)
        w = after(workspace.s, start * slots)
        dscore = after(workspace.t, start * slots)
        dout = after(floats(upstream.table), r * H * columns)
        groups.add_multiples(w, slots, others, m, dout, (H, columns, C), dvalue)
        add_edge_gradients(score, r, others, m, slots, dscore, sums)
        if carry_sums(indptr, r, group.end, g, stride, workspace.g_sums):
            finish_gradient(score, r, g, workspace.d)
            groups.write(g, score, floats(grads.dquery), r)


@kernel
def fused_gradients(first, stop, rows, call, upstream, grads, work):
    """Write all gradients in one single-threaded pass by receiver.

    `dkey` and `dvalue`, padded to whole lanes, are zeros on entry.
    """
    rows, call, grads = Rows(*rows), as_records(call), Gradients(*grads)
    upstream = Upstream(*upstream)
    score, sizes, inputs = call
    value, dout = floats(inputs.value), floats(upstream.table)
    products = dout, value, (sizes.columns, sizes.step)
    stride = score.heads * score.step
    workspace = workspace_at(work, sizes, score)
    cuts, indptr, i, begin, end = start_blocks(rows, first, stop)
    for block in loop(first, stop):
        high = cuts[block + 1]
        while i < high:
            group = next_group(rows, i, begin, high, sizes.ahead, end, workspace)
            begin, n = group.end, group.end - begin
            scores, s = floats(upstream.scores), workspace.s
            groups.gather_heads(scores, sizes.heads, workspace.numbers, n, sizes, s)
            receivers = workspace.edge_rows
            _group_gradients(call, upstream, receivers, products, n, grads, workspace)
            _add_to_both_ends(rows, group, call, upstream, grads, workspace)
            if grads.dattention:
                spill(workspace.d, stride, _block_sums(grads.dattention, block, stride))
            if begin == indptr[group.k]:
                i = group.k
