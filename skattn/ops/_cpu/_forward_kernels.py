"""Forward kernel of attention, over blocks of rows of a CSR by receiver.

The softmax goes online where a row is long. Each row is written by one thread: no
atomics. Kernels take addresses and trust them: callers keep the tensors alive.
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

from skattn.ops._cpu import _walk as walk
from skattn.ops._cpu._compiler import kernel, loop, part
from skattn.ops._cpu._hooks import logits
from skattn.ops._cpu._layout import LANES
from skattn.ops._cpu._memory import after, floats, load, longs, store_first
from skattn.ops._cpu._records import Outputs, Rows
from skattn.ops._cpu._softmax import (
    exp_inplace,
    finish_softmax,
    subtract_max,
    sum_exponentials,
)
from skattn.ops._cpu._walk import (
    carry_sums,
    named,
    next_group,
    row_span,
    start_of,
    workspace_at,
)

__all__ = ["attend", "score_edges", "write_edges"]


@part
def score_edges(score, bias, sizes, n, workspace):
    """Write the logits of a group's edges to s."""
    logits(score, sizes, n, workspace)
    H = sizes.heads
    if bias:
        for e in loop(n):
            row = after(floats(bias), workspace.numbers[e] * H)
            for first in loop(0, sizes.sums, H):
                s = after(workspace.s, e * sizes.slots + first)
                for h in loop(H):
                    s[h] += row[h]


@part
def write_edges(x, sizes, n, to, workspace):
    """Write a group's numbers per edge and head to a table of all edges."""
    H = sizes.heads
    for e in loop(n):
        for h in loop(0, H, LANES):
            row = load(x, e * sizes.slots + h)
            store_first(floats(to), workspace.numbers[e] * H + h, row, H - h)


@part
def _add_edge_features(sizes, start, n, edge_features, workspace):
    K = sizes.features
    for e in loop(n):
        row = after(floats(edge_features), workspace.numbers[start + e] * K)
        for h in loop(sizes.sums):
            for c in loop(K):
                workspace.g[h * K + c] += workspace.w[e * sizes.slots + h] * row[c]


@part
def _write_receiver(r, at, sizes, workspace, offset, outputs):
    """Write the output and log-sum-exps of a row, and those of its second sums."""
    H, W, C, K = sizes.heads, sizes.width, sizes.step, sizes.features
    for first in loop(0, sizes.sums, H):
        out, lse = outputs.out, outputs.lse
        if first:
            out, lse = outputs.above, outputs.lse_above
        top, z = after(workspace.top, at + first), after(workspace.z, at + first)
        o, g = after(workspace.o, first * C), after(workspace.g, first * K)
        for h in loop(0, H, LANES):
            store_first(floats(lse), r * H + h, load(top, h), H - h)
        for h in loop(H):
            to = after(floats(out), (r * H + h) * (W + K))
            for c in loop(0, W, LANES):
                x = load(o, h * C + c) * z[h]
                if offset:
                    x += load(floats(offset), h * C + c)
                store_first(to, c, x, W - c)
            for c in loop(K):
                to[W + c] = g[h * K + c] * z[h]


@part
def _attend_rows(rows, group, call, workspace, outputs):
    """Sum the values of every row by the weights in t."""
    score, sizes, inputs = call
    H, sums, C, K = sizes.heads, sizes.sums, sizes.step, sizes.features
    slots, indptr = sizes.slots, longs(rows.indptr)
    ahead = sizes.ahead
    if inputs.value == score.gathered:
        ahead = 0  # prefetched for the score
    for r in loop(group.i, group.k):
        start, m, is_fresh = row_span(indptr, group, r)
        if is_fresh:
            walk.clear(workspace.o, sums * C)
            walk.clear(workspace.g, sums * K)
        walk.copy_row(workspace.t, start, m, slots, workspace.w)
        others, table = after(workspace.others, start), floats(inputs.value)
        for h in loop(0, sums, H):
            w, o = after(workspace.w, h), after(workspace.o, h * C)
            distance = 0 if h else ahead
            walk.weighted_sum(w, slots, others, m, table, (H, C, C), distance, o)
        if K:
            _add_edge_features(sizes, start, m, inputs.edge_features, workspace)
            carry_sums(indptr, r, group.end, workspace.g, sums * K, workspace.g_sums)
        if carry_sums(indptr, r, group.end, workspace.o, sums * C, workspace.o_sums):
            at = (r - group.i) * slots
            _write_receiver(r, at, sizes, workspace, inputs.offset, outputs)


@kernel
def attend(first, stop, rows, call, outputs, work):
    """Write the output and the log-sum-exps of some blocks of receivers.

    `work` is the address of `workspace_size` zeros. Second sums are of "gat" alone and
    attend only to edges whose scores are above 0, see `_query_gradient`.
    """
    rows, outputs, call = Rows(*rows), Outputs(*outputs), named(call)
    score, sizes, inputs = call
    workspace = workspace_at(work, sizes, score)
    cuts, indptr, i, begin, end = start_of(rows, first, stop)
    for block in loop(first, stop):
        high = cuts[block + 1]
        while i < high:
            group = next_group(rows, i, begin, high, sizes.ahead, end, workspace)
            begin, n = group.end, group.end - begin
            score_edges(score, inputs.bias, sizes, n, workspace)
            if outputs.scores:
                write_edges(workspace.s, sizes, n, outputs.scores, workspace)
            subtract_max(indptr, group, sizes, workspace)
            exp_inplace(workspace.t, n * sizes.slots)
            sum_exponentials(indptr, group, sizes, workspace)
            if begin == indptr[group.k]:
                i = group.k
                finish_softmax((i - group.i) * sizes.slots, workspace)
            if inputs.threshold:
                walk.drop_weights(workspace.t, sizes, n, inputs, workspace)
            _attend_rows(rows, group, call, workspace, outputs)
