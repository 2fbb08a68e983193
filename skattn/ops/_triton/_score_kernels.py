"""Formulas of the scores in kernels: logits, and gradients of queries and keys.

Query and key have symmetric roles: the *own* tensor is that of the program's row, the
*others* are those at the other ends of its edges. Formulas take both with a first axis
of edges, which has length 1 if the edges of a row have the same own tensor.
"""

# mypy: ignore-errors

from __future__ import annotations

import triton
import triton.language as tl

from skattn.ops._triton._table_kernels import (
    load_heads,
    load_row,
    load_rows,
    store_heads,
    store_row,
)

__all__ = [
    "DOT", "GAT", "GATV2", "attention_gradient", "finish_gradient", "load_others",
    "load_own", "logits", "of_edges", "own_gradient", "store_own", "zeros_of_own",
]  # fmt: skip

GAT = tl.constexpr(0)
GATV2 = tl.constexpr(1)
DOT = tl.constexpr(2)


@triton.jit
def _leaky(x, slope):
    return tl.where(x > 0, x, x * slope)


@triton.jit
def load_own(
    table, row, heads, SCORE: tl.constexpr,
    H: tl.constexpr, D: tl.constexpr, HP: tl.constexpr, DP: tl.constexpr,
):  # fmt: skip
    """Read the query or key of a row: (HP,) for "gat", else (HP, DP)."""
    if SCORE == GAT:
        at = row * H + heads
        own = tl.load(table + at, mask=heads < H, other=0.0).to(tl.float32)
    else:
        own = load_row(table, row, H, D, HP, DP)
    return own


@triton.jit
def load_others(
    table, rows, present, heads, SCORE: tl.constexpr,
    H: tl.constexpr, D: tl.constexpr, HP: tl.constexpr, DP: tl.constexpr,
    EDGES: tl.constexpr,
):  # fmt: skip
    """Gather queries or keys: (EDGES, HP) for "gat", else (EDGES, HP, DP)."""
    if SCORE == GAT:
        others = load_heads(table, rows, present, heads, H, H, 0)
    else:
        others = load_rows(table, rows, present, H, D, HP, DP, EDGES, D, 0)
    return others


@triton.jit
def of_edges(own, SCORE: tl.constexpr):
    """Return `own` with a first axis of edges, of length 1."""
    return own[None, :] if SCORE == GAT else own[None, :, :]


@triton.jit
def logits(own, others, attention, slope, scale, SCORE: tl.constexpr):
    """Return the logits of a tile, (EDGES, HP)."""
    if SCORE == GAT:
        s = _leaky(own + others, slope)
    elif SCORE == GATV2:
        hidden = _leaky(own + others, slope)
        s = tl.sum(attention[None, :, :] * hidden, axis=2)
    else:
        s = tl.sum(own * others, axis=2) * scale
    return s


@triton.jit
def zeros_of_own(SCORE: tl.constexpr, HP: tl.constexpr, DP: tl.constexpr):
    """Return zeros in the shape of `own`."""
    if SCORE == GAT:
        zeros = tl.zeros((HP,), tl.float32)
    else:
        zeros = tl.zeros((HP, DP), tl.float32)
    return zeros


@triton.jit
def own_gradient(ds, own, others, slope, SCORE: tl.constexpr):
    """Sum the gradient of `own` over a tile with gradients `ds` of the logits."""
    if SCORE == GAT:
        g = tl.sum(tl.where(own + others > 0, ds, ds * slope), axis=0)
    elif SCORE == GATV2:
        slopes = tl.where(own + others > 0, 1.0, slope)
        g = tl.sum(ds[:, :, None] * slopes, axis=0)
    else:
        g = tl.sum(ds[:, :, None] * others, axis=0)
    return g


@triton.jit
def finish_gradient(g, attention, scale, SCORE: tl.constexpr):
    """Multiply a sum of `own_gradient` by the factor that all edges share."""
    if SCORE == GATV2:
        g = g * attention
    elif SCORE == DOT:
        g = g * scale
    return g


@triton.jit
def attention_gradient(ds, own, others, slope):
    """Sum the gradient of the attention vectors of "gatv2" over a tile: (HP, DP)."""
    hidden = own + others
    slopes = tl.where(hidden > 0, 1.0, slope)
    return tl.sum((ds[:, :, None] * slopes) * hidden, axis=0)  # own_gradient's factor


@triton.jit
def store_own(
    table, row, g, heads, dims, SCORE: tl.constexpr, H: tl.constexpr, D: tl.constexpr
):
    """Write a gradient of a query or key."""
    if SCORE == GAT:
        store_heads(table, row, g, heads, H, H)
    else:
        store_row(table, row, g, heads, dims, H, D, D, 0)
