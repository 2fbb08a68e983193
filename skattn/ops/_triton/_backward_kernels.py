"""Backward kernels of attention.

`row_statistics` packs the numbers of a receiver that its edges need;
`sender_gradients`, a pass over the edges by sender, recomputes the attention weights
and writes the gradients of key, value and logits; `receiver_gradients`, a pass by
receiver, sums the gradient of the query; `type_gradients`, a pass by edge type, those
of the vectors of types. Each row is written by one program: sums repeat bit for bit.
"""

# mypy: ignore-errors

from __future__ import annotations

import triton
import triton.language as tl

from skattn.ops._triton._hash_kernels import is_kept
from skattn.ops._triton._score_kernels import (
    DOT,
    GATV2,
    attention_gradient,
    finish_gradient,
    load_others,
    load_own,
    logits,
    of_edges,
    own_gradient,
    store_own,
    zeros_of_own,
)
from skattn.ops._triton._table_kernels import (
    item_span,
    load_heads,
    load_row,
    load_rows,
    store_row,
)

__all__ = [
    "add_pieces", "receiver_gradients", "row_statistics", "sender_gradients",
    "type_gradients",
]  # fmt: skip


@triton.jit(do_not_specialize=["n_rows"])
def row_statistics(
    out, dout, lse, offset, stat, doffset, n_rows,
    H: tl.constexpr, C: tl.constexpr, K: tl.constexpr,
    HP: tl.constexpr, CP: tl.constexpr, KP: tl.constexpr, EDGES: tl.constexpr,
):  # fmt: skip
    """Write stat[i] = (log-sum-exps, dout . (out - offset)), (n_rows, 2 H).

    A program adds dout over its blocks of rows to its row of `doffset`.
    """
    heads, columns = tl.arange(0, HP), tl.arange(0, CP)
    shift = tl.zeros((HP, CP), tl.float32)
    if offset is not None:
        shift = load_row(offset, 0, H, C, HP, CP)
    sums = tl.zeros((HP, CP), tl.float32)
    for block in range(tl.program_id(0), tl.cdiv(n_rows, EDGES), tl.num_programs(0)):
        rows = block * EDGES + tl.arange(0, EDGES)
        present = rows < n_rows
        x = load_rows(out, rows, present, H, C, HP, CP, EDGES, C + K, 0)
        g = load_rows(dout, rows, present, H, C, HP, CP, EDGES, C + K, 0)
        product = tl.sum(g * (x - shift[None, :, :]), axis=2)
        sums += tl.sum(g, axis=0)
        if K > 0:
            x = load_rows(out, rows, present, H, K, HP, KP, EDGES, C + K, C)
            g = load_rows(dout, rows, present, H, K, HP, KP, EDGES, C + K, C)
            product += tl.sum(g * x, axis=2)
        at = stat + rows.to(tl.int64)[:, None] * (2 * H) + heads[None, :]
        mask = present[:, None] & (heads < H)[None, :]
        tl.store(at, load_heads(lse, rows, present, heads, H, H, 0), mask=mask)
        tl.store(at + H, product, mask=mask)
    if offset is not None:
        store_row(doffset, tl.program_id(0), sums, heads, columns, H, C, C, 0)


@triton.jit(do_not_specialize=["n_pieces"])
def sender_gradients(
    indptr, others, numbers, piece_rows, piece_starts, n_pieces,
    query, key, attention, value, bias, edge_features, dropout_words,
    types, key_vectors, value_vectors, stat, dout, dfeature_means,
    dkey, dvalue, dscore, dedge_features, kept, part_key, part_value,
    slope, scale, grow,
    SCORE: tl.constexpr, SHARED: tl.constexpr, PIECE: tl.constexpr,
    H: tl.constexpr, D: tl.constexpr, C: tl.constexpr, K: tl.constexpr,
    HP: tl.constexpr, DP: tl.constexpr, CP: tl.constexpr, KP: tl.constexpr,
    EDGES: tl.constexpr,
):  # fmt: skip
    """Write the gradients of key, value, edge features and logits, in rows by sender.

    `dout` are the gradients of the averaged values, (n, H, C), and `dfeature_means`
    those of the averaged edge features, (n, H, K): rows of both together would be
    aligned to no more than one number. If key and value are one tensor, `dvalue` is the
    sum of both gradients. `kept` are the attention weights after dropout, (n_edges, H),
    of edges with types.
    """
    item = tl.program_id(0)
    row, low, n, is_whole = item_span(
        item, indptr, piece_rows, piece_starts, n_pieces, PIECE
    )
    heads, columns = tl.arange(0, HP), tl.arange(0, CP)
    dims, ks = tl.arange(0, DP), tl.arange(0, KP)
    own_value = load_row(value, row, H, C, HP, CP)
    own = own_value
    if not SHARED:
        own = load_own(key, row, heads, SCORE, H, D, HP, DP)
    vector = 0.0
    if SCORE == GATV2:
        vector = load_row(attention, 0, H, D, HP, DP)
    key_sums = zeros_of_own(SCORE, HP, DP)
    value_sums = tl.zeros((HP, CP), tl.float32)
    for start in range(0, n, EDGES):
        k = start + tl.arange(0, EDGES)
        present = k < n
        receivers = tl.load(others + low + k, mask=present, other=0)
        e = tl.load(numbers + low + k, mask=present, other=0)
        queries = load_others(
            query, receivers, present, heads, SCORE, H, D, HP, DP, EDGES
        )
        g = load_rows(dout, receivers, present, H, C, HP, CP, EDGES, C, 0)
        log_sum = load_heads(stat, receivers, present, heads, H, 2 * H, 0)
        product = load_heads(stat, receivers, present, heads, H, 2 * H, H)
        values, keys = own_value[None, :, :], of_edges(own, SCORE)
        if types is not None:
            t = tl.load(types + e, mask=present, other=0)
            values += load_rows(value_vectors, t, present, H, C, HP, CP, EDGES, C, 0)
            if SHARED:
                keys = values
            else:
                keys += load_others(
                    key_vectors, t, present, heads, SCORE, H, D, HP, DP, EDGES
                )
        s = logits(keys, queries, vector, slope, scale, SCORE)
        if bias is not None:
            s += load_heads(bias, e, present, heads, H, H, 0)
        weights = tl.where(present[:, None], tl.exp(s - log_sum), 0.0)
        dweights = tl.sum(g * values, axis=2)
        if K > 0:
            mask = present[:, None] & (ks < K)[None, :]
            at = e.to(tl.int64)[:, None] * K + ks[None, :]
            features = tl.load(edge_features + at, mask=mask, other=0.0).to(tl.float32)
            feature_g = load_rows(
                dfeature_means, receivers, present, H, K, HP, KP, EDGES, K, 0
            )
            dweights += tl.sum(feature_g * features[:, None, :], axis=2)
        kept_weights = weights
        if dropout_words is not None:
            is_on = is_kept(e[:, None], heads[None, :], dropout_words)
            kept_weights = tl.where(is_on, weights * grow, 0.0)
            dweights = tl.where(is_on, dweights * grow, 0.0)
        ds = weights * (dweights - product)
        to = e.to(tl.int64)[:, None] * H + heads[None, :]
        is_head = present[:, None] & (heads < H)[None, :]
        tl.store(dscore + to, ds, mask=is_head)
        if types is not None:
            tl.store(kept + to, kept_weights, mask=is_head)
        if K > 0:
            df = tl.sum(kept_weights[:, :, None] * feature_g, axis=1)
            df = df.to(dedge_features.dtype.element_ty)
            tl.store(dedge_features + at, df, mask=mask)
        value_sums += tl.sum(kept_weights[:, :, None] * g, axis=0)
        key_sums += own_gradient(ds, keys, queries, slope, SCORE)
    key_sums = finish_gradient(key_sums, vector, scale, SCORE)
    if SHARED:
        value_sums += key_sums
    if is_whole:
        store_row(dvalue, row, value_sums, heads, columns, H, C, C, 0)
        if not SHARED:
            store_own(dkey, row, key_sums, heads, dims, SCORE, H, D)
    elif item < n_pieces:
        store_row(part_value, item, value_sums, heads, columns, H, C, C, 0)
        if not SHARED:
            store_own(part_key, item, key_sums, heads, dims, SCORE, H, D)


@triton.jit(do_not_specialize=["n_pieces", "n_items"])
def receiver_gradients(
    indptr, others, piece_rows, piece_starts, n_pieces, n_items,
    query, key, attention, types, key_vectors,
    dscore, dquery, part_query, dattention, slope, scale,
    SCORE: tl.constexpr, PIECE: tl.constexpr, H: tl.constexpr, D: tl.constexpr,
    HP: tl.constexpr, DP: tl.constexpr, EDGES: tl.constexpr,
):  # fmt: skip
    """Write the gradient of the query from those of the logits.

    A program adds the gradient of the attention vectors of "gatv2" over its items,
    which are `num_programs` apart, to its row of `dattention`.
    """
    heads, dims = tl.arange(0, HP), tl.arange(0, DP)
    vector = 0.0
    if SCORE == GATV2:
        vector = load_row(attention, 0, H, D, HP, DP)
        vector_sums = tl.zeros((HP, DP), tl.float32)
    n_turns = tl.cdiv(n_items - tl.program_id(0), tl.num_programs(0))
    for turn in range(n_turns):
        item = tl.program_id(0) + turn * tl.num_programs(0)
        row, low, n, is_whole = item_span(
            item, indptr, piece_rows, piece_starts, n_pieces, PIECE
        )
        own = of_edges(load_own(query, row, heads, SCORE, H, D, HP, DP), SCORE)
        sums = zeros_of_own(SCORE, HP, DP)
        for start in range(0, n, EDGES):
            k = start + tl.arange(0, EDGES)
            present, e = k < n, low + k
            senders = tl.load(others + e, mask=present, other=0)
            keys = load_others(key, senders, present, heads, SCORE, H, D, HP, DP, EDGES)
            if types is not None:
                t = tl.load(types + e, mask=present, other=0)
                keys += load_others(
                    key_vectors, t, present, heads, SCORE, H, D, HP, DP, EDGES
                )
            ds = load_heads(dscore, e, present, heads, H, H, 0)
            sums += own_gradient(ds, own, keys, slope, SCORE)
            if SCORE == GATV2:
                vector_sums += attention_gradient(ds, own, keys, slope)
        sums = finish_gradient(sums, vector, scale, SCORE)
        if is_whole:
            store_own(dquery, row, sums, heads, dims, SCORE, H, D)
        elif item < n_pieces:
            store_own(part_query, item, sums, heads, dims, SCORE, H, D)
    if SCORE == GATV2:
        store_row(dattention, tl.program_id(0), vector_sums, heads, dims, H, D, D, 0)


@triton.jit(do_not_specialize=["n_pieces"])
def type_gradients(
    indptr, others, numbers, piece_rows, piece_starts, n_pieces, senders,
    query, key, attention, key_vectors, dscore, kept, dout,
    dkey_vectors, dvalue_vectors, part_key, part_value, slope, scale,
    SCORE: tl.constexpr, SHARED: tl.constexpr, PIECE: tl.constexpr,
    H: tl.constexpr, D: tl.constexpr, C: tl.constexpr,
    HP: tl.constexpr, DP: tl.constexpr, CP: tl.constexpr, EDGES: tl.constexpr,
):  # fmt: skip
    """Write the gradients of the vectors of types, in rows by type.

    `senders` are those of the edges by number, `dscore` and `kept` the gradients of
    logits and the attention weights from `sender_gradients`. If keys and values have
    one vector, `dvalue_vectors` is the sum of both gradients.
    """
    item = tl.program_id(0)
    row, low, n, is_whole = item_span(
        item, indptr, piece_rows, piece_starts, n_pieces, PIECE
    )
    heads, columns, dims = tl.arange(0, HP), tl.arange(0, CP), tl.arange(0, DP)
    own = of_edges(load_own(key_vectors, row, heads, SCORE, H, D, HP, DP), SCORE)
    vector = 0.0
    if SCORE == GATV2:
        vector = load_row(attention, 0, H, D, HP, DP)
    key_sums = zeros_of_own(SCORE, HP, DP)
    value_sums = tl.zeros((HP, CP), tl.float32)
    for start in range(0, n, EDGES):
        k = start + tl.arange(0, EDGES)
        present = k < n
        receivers = tl.load(others + low + k, mask=present, other=0)
        e = tl.load(numbers + low + k, mask=present, other=0)
        queries = load_others(
            query, receivers, present, heads, SCORE, H, D, HP, DP, EDGES
        )
        keys = own
        if SCORE != DOT:  # whose gradient of the key does not depend on it
            j = tl.load(senders + e, mask=present, other=0)
            keys += load_others(key, j, present, heads, SCORE, H, D, HP, DP, EDGES)
        ds = load_heads(dscore, e, present, heads, H, H, 0)
        key_sums += own_gradient(ds, keys, queries, slope, SCORE)
        weights = load_heads(kept, e, present, heads, H, H, 0)
        g = load_rows(dout, receivers, present, H, C, HP, CP, EDGES, C, 0)
        value_sums += tl.sum(weights[:, :, None] * g, axis=0)
    key_sums = finish_gradient(key_sums, vector, scale, SCORE)
    if SHARED:
        value_sums += key_sums
    if is_whole:
        store_row(dvalue_vectors, row, value_sums, heads, columns, H, C, C, 0)
        if not SHARED:
            store_own(dkey_vectors, row, key_sums, heads, dims, SCORE, H, D)
    elif item < n_pieces:
        store_row(part_value, item, value_sums, heads, columns, H, C, C, 0)
        if not SHARED:
            store_own(part_key, item, key_sums, heads, dims, SCORE, H, D)


@triton.jit
def add_pieces(
    indptr, piece_rows, piece_starts, part, out,
    PIECE: tl.constexpr, WIDTH: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """Write a row of (n, WIDTH) as the sum over its pieces, in order."""
    first = tl.program_id(0)
    row = tl.load(piece_rows + first).to(tl.int64)
    low = tl.load(indptr + row)
    if tl.load(piece_starts + first) == low:
        n_pieces = tl.cdiv(tl.load(indptr + row + 1) - low, PIECE).to(tl.int32)
        columns = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
        sums = tl.zeros((COLUMNS,), tl.float64)  # a row may have thousands of pieces
        for k in range(n_pieces):
            at = part + (first + k).to(tl.int64) * WIDTH + columns
            sums += tl.load(at, mask=columns < WIDTH, other=0.0).to(tl.float64)
        at = out + row * WIDTH + columns
        tl.store(at, sums.to(out.dtype.element_ty), mask=columns < WIDTH)
