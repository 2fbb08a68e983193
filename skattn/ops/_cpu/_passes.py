"""Choice of the kernels' passes over the edges, by sizes; does not import numba."""

from __future__ import annotations

from torch import Tensor

__all__ = [
    "AHEAD",
    "CHUNK",
    "FEW_EDGES",
    "is_single_pass",
    "n_blocks_of",
    "n_type_sums",
    "needs_second_sums",
    "prefetch_distance",
]  # fmt: skip

FEW_EDGES = 1 << 14
"""Number of edges below which one thread computes all gradients."""
CHUNK = 32
"""Edges of a group: 32 table rows of 1 KB stay in L2 while they are used."""
AHEAD = CHUNK
"""Prefetch distance in edges: one group."""
_L2 = 1 << 20
"""Bytes of a table that fits into the L2 cache and needs no prefetch."""
_EDGES_PER_BLOCK = FEW_EDGES // 2
_MAX_BLOCKS = 64  # each block needs memory for partial sums
_MAX_TYPE_SUMS = 16
"""Threads that may share the sums of the gradients of edge types."""


def is_single_pass(n_edges: int) -> bool:
    """Return whether the backward pass is a single pass over the edges.

    It adds to rows of senders, which only one thread may do, and takes the scores (one
    number per edge and head) from the forward pass.
    """
    return n_edges < FEW_EDGES


def needs_second_sums(n_edges: int, n_sums: int, *, query: bool, bias: bool) -> bool:
    """Return whether "gat" keeps extra sums over the edges of positive score.

    The gradient of the query then needs `n_sums` numbers per head (the size of the
    output) and no pass over the edges; otherwise a number per edge and a pass. `query`
    and `bias` are whether their gradients are needed; that of the bias has a number per
    edge anyway.
    """
    return query and not bias and n_edges >= n_sums


def prefetch_distance(*tables: Tensor) -> int:
    """Return the prefetch distance in edges; 0 if the tables fit into the L2 cache."""
    return AHEAD if max(table.nbytes for table in tables) > _L2 else 0


def n_blocks_of(n_edges: int, n_rows: int) -> int:
    """Return the number of blocks of rows that threads share."""
    return min(max(n_edges // _EDGES_PER_BLOCK, 1), _MAX_BLOCKS, n_rows)


def n_type_sums(n_blocks: int, n_senders: int, n_types: int) -> int:
    """Return the number of sums of the gradients of types, each over some blocks.

    Threads work on one sum each. There are fewer for many types, so that the sums take
    no more memory, and not much more time, than the gradients of the senders.
    """
    return max(min(n_blocks, _MAX_TYPE_SUMS, n_senders // (4 * n_types)), 1)
