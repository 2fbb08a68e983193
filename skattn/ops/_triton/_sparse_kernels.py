"""Kernels of the product of a sparse and a dense matrix."""

# mypy: ignore-errors

from __future__ import annotations

import triton
import triton.language as tl

from skattn.ops._triton._hash_kernels import is_kept
from skattn.ops._triton._table_kernels import item_span

__all__ = ["multiply_ends", "multiply_rows"]


@triton.jit(do_not_specialize=["n_pieces"])
def multiply_rows(
    indptr, others, numbers, piece_rows, piece_starts, n_pieces,
    values, dense, dropout_words, out, part, grow,
    PIECE: tl.constexpr, WIDTH: tl.constexpr, COLUMNS: tl.constexpr,
    EDGES: tl.constexpr,
):  # fmt: skip
    """Write the sum of dense rows weighted by the values, of a row or a piece."""
    item = tl.program_id(0)
    row, low, n, is_whole = item_span(
        item, indptr, piece_rows, piece_starts, n_pieces, PIECE
    )
    columns = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    sums = tl.zeros((COLUMNS,), tl.float32)
    for start in range(0, n, EDGES):
        k = start + tl.arange(0, EDGES)
        present, e = k < n, low + k
        ends = tl.load(others + e, mask=present, other=0).to(tl.int64)
        if numbers is not None:
            e = tl.load(numbers + e, mask=present, other=0).to(tl.int64)
        factors = tl.load(values + e, mask=present, other=0.0).to(tl.float32)
        if dropout_words is not None:
            kept = is_kept(e & 0xFFFFFFFF, e >> 32, dropout_words)
            factors = tl.where(kept, factors * grow, 0.0)
        at = dense + ends[:, None] * WIDTH + columns[None, :]
        mask = present[:, None] & (columns < WIDTH)[None, :]
        x = tl.load(at, mask=mask, other=0.0).to(tl.float32)
        sums += tl.sum(factors[:, None] * x, axis=0)
    if is_whole:
        at = out + row * WIDTH + columns
        tl.store(at, sums.to(out.dtype.element_ty), mask=columns < WIDTH)
    elif item < n_pieces:
        tl.store(part + item.to(tl.int64) * WIDTH + columns, sums, mask=columns < WIDTH)


@triton.jit(do_not_specialize=["n_pieces"])
def multiply_ends(
    indptr, others, piece_rows, piece_starts, n_pieces,
    dense, dout, dropout_words, dvalues, grow,
    PIECE: tl.constexpr, WIDTH: tl.constexpr, COLUMNS: tl.constexpr,
    EDGES: tl.constexpr,
):  # fmt: skip
    """Write the gradients of the values: products of rows of `dout` and `dense`."""
    row, low, n, _ = item_span(
        tl.program_id(0), indptr, piece_rows, piece_starts, n_pieces, PIECE
    )
    for start in range(0, n, EDGES):
        k = start + tl.arange(0, EDGES)
        present, e = k < n, low + k
        ends = tl.load(others + e, mask=present, other=0).to(tl.int64)
        products = tl.zeros((EDGES,), tl.float32)
        for first in range(0, WIDTH, COLUMNS):
            columns = first + tl.arange(0, COLUMNS)
            at = dout + row * WIDTH + columns
            g = tl.load(at, mask=columns < WIDTH, other=0.0).to(tl.float32)
            at = dense + ends[:, None] * WIDTH + columns[None, :]
            mask = present[:, None] & (columns < WIDTH)[None, :]
            x = tl.load(at, mask=mask, other=0.0).to(tl.float32)
            products += tl.sum(g[None, :] * x, axis=1)
        if dropout_words is not None:
            kept = is_kept(e & 0xFFFFFFFF, e >> 32, dropout_words)
            products = tl.where(kept, products * grow, 0.0)
        tl.store(dvalues + e, products.to(dvalues.dtype.element_ty), mask=present)
