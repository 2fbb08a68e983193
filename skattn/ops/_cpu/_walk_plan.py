"""Choice of the CPU kernels' walks by sizes; loads no compiler."""

from __future__ import annotations

from torch import Tensor

__all__ = [
    "AHEAD", "CHUNK", "FEW_EDGES", "prefetch_distance", "sums_twice", "walks_once",
]  # fmt: skip

FEW_EDGES = 1 << 14
"""Number of edges below which one thread walks a graph alone."""
CHUNK = 32
"""Edges of a group: 32 rows of 1 KB stay in L2 from one pass to the next."""
AHEAD = CHUNK
"""Distance of the prefetch in edges: one group."""
_L2 = 1 << 20
"""Bytes of tables that stay in the cache: prefetching their rows gains nothing."""


def walks_once(n_edges: int) -> bool:
    """Decide whether the backward pass is a single walk over the edges.

    It adds to the rows of senders in any order, which one thread may, and takes the
    scores, one number per edge and head, from the forward pass.
    """
    return n_edges < FEW_EDGES


def sums_twice(n_edges: int, n_sums: int, *, query: bool, bias: bool) -> bool:
    """Decide whether forward computes second sums, of ``"gat"``'s positive scores.

    The gradient of the query then needs no walk over the edges, but `n_sums` more
    numbers per head, as many as the output has; without, one per edge and one more
    walk. `query` and `bias` say whether their gradients are needed; that of the bias
    has a number per edge in any case.
    """
    return query and not bias and n_edges >= n_sums


def prefetch_distance(*tables: Tensor) -> int:
    """Return the distance in edges by which table rows are prefetched."""
    return AHEAD if max(table.nbytes for table in tables) > _L2 else 0
