"""Functions of kernels that read and write rows of tables, and items of a plan.

A table has shape (n, H, W); HP, CP and so on are axis sizes padded to powers of two.
Tables are read as float32, at offsets in int64.
"""

# mypy: ignore-errors

from __future__ import annotations

import triton
import triton.language as tl

__all__ = [
    "item_span", "load_heads", "load_row", "load_rows", "store_heads", "store_row",
]  # fmt: skip


@triton.jit
def item_span(item, indptr, piece_rows, piece_starts, n_pieces, PIECE: tl.constexpr):
    """Return (row, first entry, number of entries, whether the row is not cut).

    Items are the pieces, then the rows; a row that is cut has 0 entries as an item.
    """
    if item < n_pieces:
        row = tl.load(piece_rows + item).to(tl.int64)
        low = tl.load(piece_starts + item)
        n = tl.minimum(tl.load(indptr + row + 1) - low, PIECE)
        is_whole = row < 0  # never
    else:
        row = (item - n_pieces).to(tl.int64)
        low = tl.load(indptr + row)
        n = tl.load(indptr + row + 1) - low
        is_whole = n <= PIECE
        n = tl.where(is_whole, n, 0)
    return row, low, n.to(tl.int32), is_whole


@triton.jit
def load_row(
    table, row, H: tl.constexpr, C: tl.constexpr, HP: tl.constexpr, CP: tl.constexpr
):
    """Read (HP, CP) of a table (n, H, C)."""
    flat = tl.arange(0, HP * CP)
    head, column = flat // CP, flat % CP
    at = row * (H * C) + head * C + column
    x = tl.load(table + at, mask=(head < H) & (column < C), other=0.0)
    return tl.reshape(x, (HP, CP)).to(tl.float32)


@triton.jit
def load_rows(
    table, rows, present, H: tl.constexpr, C: tl.constexpr,
    HP: tl.constexpr, CP: tl.constexpr, EDGES: tl.constexpr,
    W: tl.constexpr, first: tl.constexpr,
):  # fmt: skip
    """Gather (EDGES, HP, CP): columns `first` to `first + C` of a table (n, H, W).

    Read as a matrix of whole rows: lanes then lie along the row, and sums over edges
    stay in a thread. Of three axes, Triton 3.6 lays lanes along the edges.
    """
    flat = tl.arange(0, HP * CP)
    head, column = flat // CP, flat % CP
    at = rows.to(tl.int64)[:, None] * (H * W) + first + (head * W + column)[None, :]
    mask = present[:, None] & ((head < H) & (column < C))[None, :]
    x = tl.load(table + at, mask=mask, other=0.0)
    return tl.reshape(x, (EDGES, HP, CP)).to(tl.float32)


@triton.jit
def load_heads(
    table, rows, present, heads, H: tl.constexpr, W: tl.constexpr, first: tl.constexpr
):
    """Gather (EDGES, HP): columns `first` to `first + H` of a table (n, W)."""
    at = rows.to(tl.int64)[:, None] * W + first + heads[None, :]
    mask = present[:, None] & (heads < H)[None, :]
    return tl.load(table + at, mask=mask, other=0.0).to(tl.float32)


@triton.jit
def store_row(
    table, row, x, heads, columns,
    H: tl.constexpr, C: tl.constexpr, W: tl.constexpr, first: tl.constexpr,
):  # fmt: skip
    """Write (HP, CP) to columns `first` to `first + C` of a row of (n, H, W)."""
    at = row.to(tl.int64) * (H * W) + first + heads[:, None] * W + columns[None, :]
    mask = (heads < H)[:, None] & (columns < C)[None, :]
    tl.store(table + at, x.to(table.dtype.element_ty), mask=mask)


@triton.jit
def store_heads(table, row, x, heads, H: tl.constexpr, W: tl.constexpr):
    """Write (HP,) to the first H columns of a row of (n, W)."""
    at = row.to(tl.int64) * W + heads
    tl.store(table + at, x.to(table.dtype.element_ty), mask=heads < H)
