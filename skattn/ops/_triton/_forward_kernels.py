"""Forward kernels of attention: online softmax of a row, a tile of edges at a time."""

# mypy: ignore-errors

from __future__ import annotations

import triton
import triton.language as tl

from skattn.ops._triton._hash_kernels import is_kept
from skattn.ops._triton._score_kernels import (
    GATV2,
    load_others,
    load_own,
    logits,
    of_edges,
)
from skattn.ops._triton._table_kernels import (
    item_span,
    load_heads,
    load_row,
    load_rows,
    store_heads,
    store_row,
)

__all__ = ["attend", "merge_pieces"]

_LOWEST = tl.constexpr(-1e30)
"""Start of a maximum: differences of infinities would be NaN."""


@triton.jit
def _finish_row(
    row, top, total, sums, feature_sums, offset, out, lse,
    H: tl.constexpr, C: tl.constexpr, K: tl.constexpr,
    HP: tl.constexpr, CP: tl.constexpr, KP: tl.constexpr,
):  # fmt: skip
    """Divide the sums of a row by the softmax's denominator, and write them."""
    heads, columns, ks = tl.arange(0, HP), tl.arange(0, CP), tl.arange(0, KP)
    total = tl.where(total > 0, total, 1.0)  # a row without edges
    average = sums / total[:, None]
    if offset is not None:
        average += load_row(offset, 0, H, C, HP, CP)
    store_row(out, row, average, heads, columns, H, C, C + K, 0)
    if K > 0:
        store_row(out, row, feature_sums / total[:, None], heads, ks, H, K, C + K, C)
    store_heads(lse, row, top + tl.log(total), heads, H, H)


@triton.jit(do_not_specialize=["n_pieces"])
def attend(
    indptr, others, piece_rows, piece_starts, n_pieces,
    query, key, attention, value, bias, edge_features, offset, dropout_words,
    types, key_vectors, value_vectors, out, lse, part, part_stat, slope, scale, grow,
    SCORE: tl.constexpr, SHARED: tl.constexpr, PIECE: tl.constexpr,
    H: tl.constexpr, D: tl.constexpr, C: tl.constexpr, K: tl.constexpr,
    HP: tl.constexpr, DP: tl.constexpr, CP: tl.constexpr, KP: tl.constexpr,
    EDGES: tl.constexpr,
):  # fmt: skip
    """Write output and log-sum-exps of a row, or the sums of a piece.

    `part` has the sums of pieces in the layout of `out`, `part_stat` their maxima and
    denominators, (n_pieces, 2 H).
    """
    item = tl.program_id(0)
    row, low, n, is_whole = item_span(
        item, indptr, piece_rows, piece_starts, n_pieces, PIECE
    )
    heads, columns, ks = tl.arange(0, HP), tl.arange(0, CP), tl.arange(0, KP)
    own = of_edges(load_own(query, row, heads, SCORE, H, D, HP, DP), SCORE)
    vector = 0.0
    if SCORE == GATV2:
        vector = load_row(attention, 0, H, D, HP, DP)
    top = tl.full((HP,), _LOWEST, tl.float32)
    total = tl.zeros((HP,), tl.float32)
    sums = tl.zeros((HP, CP), tl.float32)
    feature_sums = tl.zeros((HP, KP), tl.float32)
    for start in range(0, n, EDGES):
        k = start + tl.arange(0, EDGES)
        present, e = k < n, low + k
        senders = tl.load(others + e, mask=present, other=0)
        values = load_rows(value, senders, present, H, C, HP, CP, EDGES, C, 0)
        if types is not None:
            t = tl.load(types + e, mask=present, other=0)
            values += load_rows(value_vectors, t, present, H, C, HP, CP, EDGES, C, 0)
        if SHARED:
            keys = values
        else:
            keys = load_others(key, senders, present, heads, SCORE, H, D, HP, DP, EDGES)
            if types is not None:
                keys += load_others(
                    key_vectors, t, present, heads, SCORE, H, D, HP, DP, EDGES
                )
        s = logits(own, keys, vector, slope, scale, SCORE)
        if bias is not None:
            s += load_heads(bias, e, present, heads, H, H, 0)
        s = tl.where(present[:, None], s, _LOWEST)
        highest = tl.maximum(top, tl.max(s, axis=0))
        weights = tl.where(present[:, None], tl.exp(s - highest[None, :]), 0.0)
        shrink = tl.exp(top - highest)
        total = total * shrink + tl.sum(weights, axis=0)
        if dropout_words is not None:
            kept = is_kept(e[:, None], heads[None, :], dropout_words)
            weights = tl.where(kept, weights * grow, 0.0)
        added = tl.sum(weights[:, :, None] * values, axis=0)
        sums = sums * shrink[:, None] + added
        if K > 0:
            mask = present[:, None] & (ks < K)[None, :]
            at = e[:, None] * K + ks[None, :]
            features = tl.load(edge_features + at, mask=mask, other=0.0).to(tl.float32)
            added = tl.sum(weights[:, :, None] * features[:, None, :], axis=0)
            feature_sums = feature_sums * shrink[:, None] + added
        top = highest
    if is_whole:
        _finish_row(
            row, top, total, sums, feature_sums, offset, out, lse,
            H, C, K, HP, CP, KP,
        )  # fmt: skip
    elif item < n_pieces:
        store_row(part, item, sums, heads, columns, H, C, C + K, 0)
        if K > 0:
            store_row(part, item, feature_sums, heads, ks, H, K, C + K, C)
        store_heads(part_stat, item, top, heads, H, 2 * H)
        store_heads(part_stat + H, item, total, heads, H, 2 * H)


@triton.jit
def merge_pieces(
    indptr, piece_rows, piece_starts, part, part_stat, offset, out, lse,
    PIECE: tl.constexpr, H: tl.constexpr, C: tl.constexpr, K: tl.constexpr,
    HP: tl.constexpr, CP: tl.constexpr, KP: tl.constexpr,
):  # fmt: skip
    """Write a row from the sums of its pieces; the program of the first piece does."""
    first = tl.program_id(0)
    row = tl.load(piece_rows + first).to(tl.int64)
    low = tl.load(indptr + row)
    if tl.load(piece_starts + first) == low:
        n_pieces = tl.cdiv(tl.load(indptr + row + 1) - low, PIECE).to(tl.int32)
        heads, columns, ks = tl.arange(0, HP), tl.arange(0, CP), tl.arange(0, KP)
        top = tl.full((HP,), _LOWEST, tl.float32)
        total = tl.zeros((HP,), tl.float32)
        sums = tl.zeros((HP, CP), tl.float32)
        feature_sums = tl.zeros((HP, KP), tl.float32)
        for k in range(n_pieces):
            item = (first + k).to(tl.int64)
            at = part_stat + item * (2 * H) + heads
            part_top = tl.load(at, mask=heads < H, other=_LOWEST)
            part_total = tl.load(at + H, mask=heads < H, other=0.0)
            highest = tl.maximum(top, part_top)
            shrink, weight = tl.exp(top - highest), tl.exp(part_top - highest)
            total = total * shrink + part_total * weight
            at = item * (H * (C + K)) + heads[:, None] * (C + K)
            mask = (heads < H)[:, None] & (columns < C)[None, :]
            added = tl.load(part + at + columns[None, :], mask=mask, other=0.0)
            sums = sums * shrink[:, None] + added * weight[:, None]
            if K > 0:
                mask = (heads < H)[:, None] & (ks < K)[None, :]
                added = tl.load(part + at + C + ks[None, :], mask=mask, other=0.0)
                feature_sums = feature_sums * shrink[:, None] + added * weight[:, None]
            top = highest
        _finish_row(
            row, top, total, sums, feature_sums, offset, out, lse,
            H, C, K, HP, CP, KP,
        )  # fmt: skip
