"""Tensors and settings in the layout of the kernels; does not import numba."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from skattn.ops._random import WORD, threshold

__all__ = [
    "LANES", "address", "addresses", "dropout_settings", "in_lanes", "slots",
    "whole_lanes", "zeros",
]  # fmt: skip

LANES = 8
"""Number of float32 SIMD lanes: a 256-bit register."""


def whole_lanes(width: int) -> int:
    """Round a width up to a multiple of the SIMD lanes."""
    return -(-width // LANES) * LANES


def in_lanes(tensor: Tensor) -> Tensor:
    """Return a contiguous tensor, its last axis zero-padded to whole lanes."""
    padding = -tensor.shape[-1] % LANES
    return pad(tensor, (0, padding)) if padding else tensor.contiguous()


def slots(n_heads: int) -> int:
    """Return the number of values stored per edge: heads, rounded up to SIMD lanes."""
    if n_heads > LANES:
        return whole_lanes(n_heads)
    return 1 << (n_heads - 1).bit_length()


def address(tensor: Tensor | None) -> int:
    """Return the address of a tensor, 0 for none; the caller keeps it alive."""
    return 0 if tensor is None else tensor.data_ptr()


def addresses(*tensors: Tensor | None) -> Iterator[int]:
    """Return the address of every tensor, 0 for none."""
    return map(address, tensors)


def zeros(*shape: int, dtype: Any = np.uint8) -> Tensor:
    """Return a tensor of zeros, with less overhead than `torch.zeros`."""
    return torch.from_numpy(np.zeros(shape, dtype))


def dropout_settings(p: float, seed: int) -> tuple[int, int, int, float]:
    """Return the hash threshold, the two halves of the seed, and the scale."""
    return threshold(p), seed & WORD, seed >> 32 & WORD, 1 / (1 - p)
