"""Dropout masks from a hash of each element's position.

``hash(row, column) = mix(mix(row ^ low) + column * GOLDEN + high)`` modulo 2**32, where
``low`` and ``high`` are the halves of the 64-bit seed and ``mix`` is lowbias32 (Chris
Wellons, "Prospecting for hash functions", 2018). An element is kept if its hash is at
least ``p * 2**32``. The (row, column) of an attention weight is (edge, head), that of
element ``k`` of a tensor (k mod 2**32, k div 2**32).

Forward and backward compute the hash, so that no mask is stored, and it is the same for
every device, backend and number of threads.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = [
    "GOLDEN", "MIX_STEPS", "WORD", "check_dropout", "edge_keep", "element_keep",
    "threshold",
]  # fmt: skip

WORD = 0xFFFFFFFF
"""Mask of 32 bits: torch computes uint32 arithmetic in int64."""
GOLDEN = 0x9E3779B9
"""2**32 divided by the golden ratio: spreads columns over all words."""
MIX_STEPS = ((16, 0x7FEB352D), (15, 0x846CA68B))
"""Shifts and factors of lowbias32, before its last shift of 16."""


def threshold(p: float) -> int:
    """Return the smallest hash of kept elements for dropout probability ``p``."""
    return int(p * 2**32)


def check_dropout(p: float) -> None:
    """Raise ValueError unless 0 <= p < 1."""
    if not 0 <= p < 1:
        raise ValueError(
            f"dropout must be at least 0 and less than 1, got {p!r}. Pass 0 for no "
            "dropout."
        )


def edge_keep(
    n_edges: int, n_heads: int, p: float, seed: int, device: torch.device
) -> Tensor:
    """Compute the mask of attention weights: bool (n_edges, n_heads), True if kept."""
    edges = torch.arange(n_edges, device=device)[:, None]
    heads = torch.arange(n_heads, device=device)
    return _hash(edges, heads, seed) >= threshold(p)


def element_keep(x: Tensor, p: float, seed: int) -> Tensor:
    """Compute the mask of the elements of ``x``: bool of its shape, True if kept."""
    position = torch.arange(x.numel(), device=x.device)
    return (_hash(position & WORD, position >> 32, seed) >= threshold(p)).view(x.shape)


def _hash(row: Tensor, column: Tensor, seed: int) -> Tensor:
    low, high = seed & WORD, seed >> 32 & WORD
    mixed = _mix((row & WORD) ^ low)
    return _mix((mixed + (column * GOLDEN & WORD) + high) & WORD)


def _mix(x: Tensor) -> Tensor:
    for shift, factor in MIX_STEPS:
        x = x ^ (x >> shift)
        x = x * factor & WORD  # int64 may overflow; the low 32 bits are right
    return x ^ (x >> 16)
