"""Launches of kernels."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from skattn.ops._random import WORD, threshold

__all__ = ["cdiv", "dropout_words", "launch", "padded"]


def launch(kernel: Any, grid: tuple[int, ...], arguments: dict[str, Any]) -> None:
    """Run programs of a kernel with those of the arguments that it has.

    A launch goes to the current device: that of the arguments is made current.
    """
    if 0 in grid:
        return
    own = {name: arguments[name] for name in kernel.arg_names}
    device = next(x for x in own.values() if isinstance(x, Tensor))
    options = {"num_warps": arguments["num_warps"], "enable_fp_fusion": True}
    with torch.cuda.device_of(device):
        kernel[grid](**own, **options)


def dropout_words(p: float, seed: int, device: torch.device) -> Tensor | None:
    """Return the halves of the seed and the hash threshold, None without dropout.

    A tensor, because kernels are compiled anew for integers of other sizes.
    """
    if not p:
        return None
    words = torch.tensor([seed & WORD, seed >> 32 & WORD, threshold(p)], device="cpu")
    return words.to(device, non_blocking=True)  # does not wait for the device


def padded(n: int) -> int:
    """Return the smallest power of two that is at least `n`: the size of an axis."""
    return 1 << max(n - 1, 0).bit_length()


def cdiv(n: int, size: int) -> int:
    """Return the number of blocks of a size that hold `n`."""
    return -(-n // size)
