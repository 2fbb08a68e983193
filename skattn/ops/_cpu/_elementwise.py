"""Element-wise operations on the CPU."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from skattn.ops._buffers import empty
from skattn.ops._cpu import _elementwise_kernels as kernels
from skattn.ops._cpu._layout import dropout_settings
from skattn.ops._elementwise import dropout_by, elu_by
from skattn.ops._threads import run_blocks

__all__ = ["dropout", "elu"]

_ELEMENTS_PER_BLOCK = 1 << 17
"""Elements per block: as much work as starting another thread."""


def elu(x: Tensor) -> Tensor:
    """See `skattn.ops.elu`."""
    return elu_by(_elu, _elu_gradient, x)


def _elu(x: Tensor) -> Tensor:
    y = empty(*x.shape)
    source, target = x.data_ptr(), y.data_ptr()
    _run(x, lambda low, high: kernels.elu(low, high, source, target))
    return y


def _elu_gradient(y: Tensor, dout: Tensor) -> Tensor:
    dx = empty(*y.shape)
    addresses = y.data_ptr(), dout.data_ptr(), dx.data_ptr()
    _run(y, lambda low, high: kernels.elu_gradient(low, high, *addresses))
    return dx


def dropout(x: Tensor, p: float, seed: int) -> Tensor:
    """See `skattn.ops.dropout`."""
    return dropout_by(_drop, x, p, seed)


def _drop(x: Tensor, p: float, seed: int) -> Tensor:
    x, drop, out = x.contiguous(), dropout_settings(p, seed), empty(*x.shape)
    source, target = x.data_ptr(), out.data_ptr()
    _run(x, lambda low, high: kernels.dropout(low, high, source, target, *drop))
    return out


def _run(x: Tensor, kernel: Callable[[int, int], None]) -> None:
    """Call ``kernel(low, high)`` for blocks of the elements of `x`."""
    n = x.numel()

    def work(block: int) -> None:
        low = block * _ELEMENTS_PER_BLOCK
        kernel(low, min(low + _ELEMENTS_PER_BLOCK, n))

    run_blocks(-(-n // _ELEMENTS_PER_BLOCK), work)
