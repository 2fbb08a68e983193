"""The hash of dropout masks: `skattn.ops._random` in kernels."""

# mypy: ignore-errors

from __future__ import annotations

import triton
import triton.language as tl

from skattn.ops import _random

__all__ = ["is_kept"]

_GOLDEN = tl.constexpr(_random.GOLDEN)
_SHIFT_1 = tl.constexpr(_random.MIX_STEPS[0][0])
_FACTOR_1 = tl.constexpr(_random.MIX_STEPS[0][1])
_SHIFT_2 = tl.constexpr(_random.MIX_STEPS[1][0])
_FACTOR_2 = tl.constexpr(_random.MIX_STEPS[1][1])


@triton.jit
def _mix(x):
    x = (x ^ (x >> _SHIFT_1)) * tl.full((), _FACTOR_1, tl.uint32)
    x = (x ^ (x >> _SHIFT_2)) * tl.full((), _FACTOR_2, tl.uint32)
    return x ^ (x >> 16)


@triton.jit
def is_kept(row, column, words):
    """Return whether dropout keeps the elements at (row, column), which broadcast.

    `words` has the halves of the seed and the threshold.
    """
    low = tl.load(words).to(tl.uint32)
    high = tl.load(words + 1).to(tl.uint32)
    lowest = tl.load(words + 2).to(tl.uint32)
    spread = column.to(tl.uint32) * tl.full((), _GOLDEN, tl.uint32)
    return _mix(_mix(row.to(tl.uint32) ^ low) + spread + high) >= lowest
