"""Forward kernel of attention, over blocks of CSR rows by receiver.

Long rows use the online softmax. Each row is written by one thread, without atomics.
Kernels do not check the addresses they get; callers keep the tensors alive.
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

from skattn.ops._cpu import _edge_groups as groups
from skattn.ops._cpu._compiler import inlined, kernel, loop
from skattn.ops._cpu._edge_groups import (
    as_records,
    carry_sums,
    next_group,
    row_span,
    start_blocks,
    workspace_at,
)
from skattn.ops._cpu._layout import LANES
from skattn.ops._cpu._memory import after, floats, load, longs, store_first
from skattn.ops._cpu._records import Outputs, Rows
from skattn.ops._cpu._score_kernels import logits
from skattn.ops._cpu._softmax import (
    exp_inplace,
    finish_softmax,
    subtract_max,
    sum_exponentials,
)
from skattn.ops._cpu._typed_kernels import gather_senders

__all__ = ["attend", "score_edges", "write_edges"]


@inlined
def score_edges(call, n, workspace):
    """Write the scores of the edges of a group to s."""
    score, sizes, inputs = call
    logits(score, sizes, n, workspace)
    H = sizes.heads
    if inputs.bias:
        for e in loop(n):
            row = after(floats(inputs.bias), workspace.numbers[e] * H)
            for first in loop(0, sizes.sums, H):
                s = after(workspace.s, e * sizes.slots + first)
                for h in loop(H):
                    s[h] += row[h]


@inlined
def write_edges(x, sizes, n, to, workspace):
    """Write one number per edge and head of a group to a table of all edges."""
    H = sizes.heads
    for e in loop(n):
        for h in loop(0, H, LANES):
            row = load(x, e * sizes.slots + h)
            store_first(floats(to), workspace.numbers[e] * H + h, row, H - h)


@inlined
def _add_edge_features(sizes, start, n, edge_features, workspace):
    K = sizes.features
    for e in loop(n):
        row = after(floats(edge_features), workspace.numbers[start + e] * K)
        for h in loop(sizes.sums):
            for c in loop(K):
                workspace.g[h * K + c] += workspace.w[e * sizes.slots + h] * row[c]


@inlined
def _write_receiver(r, at, sizes, workspace, offset, outputs):
    """Write the output and log-sum-exps of a row, also of its second sums."""
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


@inlined
def _attend_rows(rows, group, call, workspace, outputs):
    """Sum the values of every row weighted by t."""
    score, sizes, inputs = call
    H, sums, C, K = sizes.heads, sizes.sums, sizes.step, sizes.features
    slots, indptr = sizes.slots, longs(rows.indptr)
    ahead = sizes.ahead
    if inputs.value == score.gathered:
        ahead = 0  # the score has prefetched them
    for r in loop(group.i, group.k):
        start, m, is_fresh = row_span(indptr, group, r)
        if is_fresh:
            groups.clear(workspace.o, sums * C)
            groups.clear(workspace.g, sums * K)
        groups.copy_row(workspace.t, start, m, slots, workspace.w)
        others, table = after(workspace.others, start), floats(inputs.value)
        for h in loop(0, sums, H):
            w, o = after(workspace.w, h), after(workspace.o, h * C)
            distance = 0 if h else ahead
            groups.weighted_sum(w, slots, others, m, table, (H, C, C), distance, o)
        if K:
            _add_edge_features(sizes, start, m, inputs.edge_features, workspace)
            carry_sums(indptr, r, group.end, workspace.g, sums * K, workspace.g_sums)
        if carry_sums(indptr, r, group.end, workspace.o, sums * C, workspace.o_sums):
            at = (r - group.i) * slots
            _write_receiver(r, at, sizes, workspace, inputs.offset, outputs)


@kernel
def attend(first, stop, rows, call, outputs, work):
    """Write the outputs and log-sum-exps of some blocks of receivers.

    `work` is the address of `workspace_size` zero bytes. Second sums, only for "gat",
    attend only to edges with positive scores (`_query_gradient`).
    """
    rows, outputs, call = Rows(*rows), Outputs(*outputs), as_records(call)
    score, sizes, inputs = call
    workspace = workspace_at(work, sizes, score)
    cuts, indptr, i, begin, end = start_blocks(rows, first, stop)
    for block in loop(first, stop):
        high = cuts[block + 1]
        while i < high:
            group = next_group(rows, i, begin, high, sizes.ahead, end, workspace)
            begin, n = group.end, group.end - begin
            near = gather_senders(call, True, n, workspace)
            score_edges(near, n, workspace)
            if outputs.scores:
                write_edges(workspace.s, sizes, n, outputs.scores, workspace)
            subtract_max(indptr, group, sizes, workspace)
            exp_inplace(workspace.t, n * sizes.slots)
            sum_exponentials(indptr, group, sizes, workspace)
            if begin == indptr[group.k]:
                i = group.k
                finish_softmax((i - group.i) * sizes.slots, workspace)
            if inputs.threshold:
                groups.drop_weights(workspace.t, sizes, n, inputs, workspace)
            _attend_rows(rows, group, near, workspace, outputs)
