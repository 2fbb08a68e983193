"""Dropout without a stored mask: a number is kept if the hash of its place says so.

``hash(row, column) = mix(mix(row ^ low) + column * 0x9E3779B9 + high)`` modulo
2**32, where ``low`` and ``high`` are the halves of the 64-bit seed and ``mix`` is
lowbias32 (Chris Wellons, "Prospecting for hash functions", 2018). A place is kept if
its hash is at least ``p * 2**32``. For an edge's weight the place is (number of the
edge, head); for element ``k`` of a tensor it is (k mod 2**32, k div 2**32). Forward and
backward ask again instead of remembering, and every device, backend and number of
threads gets the same answer.

Drawing and storing a mask with torch's ``bernoulli_`` costs as much as the attention.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["check_dropout", "edge_keep", "element_keep", "threshold"]

_WORD = 0xFFFFFFFF
"""torch has no arithmetic in uint32: int64 holds it, cut after a step."""


def threshold(p: float) -> int:
    """Return the smallest hash that is kept when a share `p` is dropped."""
    return int(p * 2**32)


def check_dropout(p: float) -> None:
    """Raise ValueError unless 0 <= p < 1."""
    if not 0 <= p < 1:
        raise ValueError(
            f"dropout must be at least 0 and less than 1, got {p!r}. It is the share "
            "that is dropped, 0 to keep everything."
        )


def edge_keep(
    n_edges: int, n_heads: int, p: float, seed: int, device: torch.device
) -> Tensor:
    """Return which weights are kept: bool (n_edges, n_heads)."""
    edges = torch.arange(n_edges, device=device)[:, None]
    heads = torch.arange(n_heads, device=device)
    return _hash(edges, heads, seed) >= threshold(p)


def element_keep(x: Tensor, p: float, seed: int) -> Tensor:
    """Return which elements of `x` are kept: bool, the shape of `x`."""
    place = torch.arange(x.numel(), device=x.device)
    return (_hash(place & _WORD, place >> 32, seed) >= threshold(p)).view(x.shape)


def _hash(row: Tensor, column: Tensor, seed: int) -> Tensor:
    low, high = seed & _WORD, seed >> 32 & _WORD
    mixed = _mix((row & _WORD) ^ low)
    return _mix((mixed + (column * 0x9E3779B9 & _WORD) + high) & _WORD)


def _mix(x: Tensor) -> Tensor:
    x = x ^ (x >> 16)
    x = x * 0x7FEB352D & _WORD
    x = x ^ (x >> 15)
    x = x * 0x846CA68B & _WORD  # may wrap around int64, which leaves the low word right
    return x ^ (x >> 16)
