"""Reuse of large buffers between training steps.

The C library returns blocks of more than 32 MB to the system when they are freed, and
the system clears every page of the next one. Inside ``reuse_buffers``, such blocks are
kept for ``empty``, used by the kernels, and for torch operations with an out argument.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
import torch
from torch import Tensor

from skattn._compat_torch import TorchDispatchMode

__all__ = ["empty", "reuse_buffers"]

_LARGE = 1 << 20
"""Smallest reused buffer in float32 numbers: 4 MB, as numpy's huge pages."""
_LINE = 16
"""Float32 numbers in a cache line."""


class _Buffers:
    """Pool of the memory of freed tensors, for new tensors of the same size."""

    def __init__(self) -> None:
        self._idle: list[np.ndarray] = []
        self._in_use = self._peak = 0
        self._open = True

    def take(self, shape: tuple[int, ...]) -> np.ndarray:
        """Return an array that goes back to the pool when no tensor uses it."""
        memory = self._find(math.prod(shape))
        array = memory.reshape(shape)
        weakref.finalize(array, self._release, memory).atexit = False
        return array

    def close(self) -> None:
        """Free idle memory, and memory in use as soon as it is released."""
        self._open = False
        self._idle.clear()

    def _find(self, size: int) -> np.ndarray:
        self._in_use += size
        self._peak = max(self._peak, self._in_use)
        for i, memory in enumerate(self._idle):
            if memory.size == size:
                return self._idle.pop(i)
        # memory in use and idle never exceeds the peak of the memory in use
        while self._idle and self._in_use + self._n_idle() > self._peak:
            self._idle.pop(0)
        return _aligned(size)

    def _n_idle(self) -> int:
        return sum(memory.size for memory in self._idle)

    def _release(self, memory: np.ndarray) -> None:
        self._in_use -= memory.size
        if self._open:
            self._idle.append(memory)


_KEPT: ContextVar[_Buffers | None] = ContextVar("skattn_buffers", default=None)


@contextmanager
def reuse_buffers() -> Iterator[None]:
    """Reuse the memory of large CPU tensors inside a ``with`` block.

    Put the block around all steps of a training loop. The memory of a freed float32
    tensor of 4 MB or more, made by ``skattn.ops`` or by common operations of torch, is
    reused for the next tensor of its size. Results do not change, and peak memory does
    not grow. Steps are faster if tensors take 32 MB or more, and slower by milliseconds
    if all are small.

    Buffers belong to the current thread or asyncio task; idle memory is freed when the
    block ends.

    Yields
    ------
    None
        Nothing.

    Examples
    --------
    >>> import torch
    >>> from skattn.ops import reuse_buffers
    >>> x = torch.ones(5_000, 4_000)
    >>> with reuse_buffers():
    ...     addresses = {x.relu().data_ptr() for _ in range(5)}
    >>> len(addresses)
    1
    """
    buffers = _Buffers()
    token = _KEPT.set(buffers)
    try:
        with _WriteIntoBuffers():
            yield
    finally:
        _KEPT.reset(token)
        buffers.close()


def empty(*shape: int) -> Tensor:
    """Return an uninitialised float32 tensor in memory from numpy: in huge pages."""
    size = math.prod(shape)
    if size < _LARGE:
        return torch.from_numpy(np.empty(shape, np.float32))
    buffers = _KEPT.get()
    if buffers is None:
        return torch.from_numpy(_aligned(size).reshape(shape))
    return torch.from_numpy(buffers.take(shape))


def _aligned(size: int) -> np.ndarray:
    """Return an array aligned to cache lines, so that rows touch fewer of them."""
    memory = np.empty(size + _LINE, np.float32)
    start = memory.__array_interface__["data"][0] // memory.itemsize
    return memory[-start % _LINE :][:size]


# ---- operations of torch -------------------------------------------------------------

_ATEN = torch.ops.aten


class _WriteIntoBuffers(TorchDispatchMode):
    """Dispatch mode that writes large results of torch operations into buffers."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        writer = _WRITERS.get(func)
        if writer is not None and all(map(_is_bufferable, args)):
            write, out, shape_of = writer
            shape = shape_of(*args)
            if math.prod(shape) >= _LARGE:
                return write(*args, **kwargs, **{out: empty(*shape)})
        return func(*args, **kwargs)


def _is_bufferable(x: Any) -> bool:
    return not isinstance(x, Tensor) or (x.is_cpu and x.dtype is torch.float32)


def _relu(x: Tensor, *, out: Tensor) -> Tensor:
    return torch.clamp_min(x, 0, out=out)


def _shape_of_product(x: Tensor, weight: Tensor) -> tuple[int, int]:
    return x.shape[0], weight.shape[1]


def _shape_of_addmm(_added: Tensor, x: Tensor, weight: Tensor) -> tuple[int, int]:
    return _shape_of_product(x, weight)


def _broadcast_shape(x: Tensor, y: Any) -> tuple[int, ...]:
    if not isinstance(y, Tensor) or x.shape == y.shape:
        return x.shape
    shape: tuple[int, ...] = torch.broadcast_shapes(x.shape, y.shape)
    return shape


def _shape_of_first(x: Tensor, *_others: Any) -> tuple[int, ...]:
    return x.shape


_WRITERS: dict[Any, tuple[Callable[..., Tensor], str, Callable[..., Any]]] = {
    _ATEN.mm.default: (_ATEN.mm.out, "out", _shape_of_product),
    _ATEN.addmm.default: (_ATEN.addmm.out, "out", _shape_of_addmm),
    _ATEN.add.Tensor: (_ATEN.add.out, "out", _broadcast_shape),
    _ATEN.sub.Tensor: (_ATEN.sub.out, "out", _broadcast_shape),
    _ATEN.mul.Tensor: (_ATEN.mul.out, "out", _broadcast_shape),
    _ATEN.div.Tensor: (_ATEN.div.out, "out", _broadcast_shape),
    _ATEN.relu.default: (_relu, "out", _shape_of_first),
    _ATEN.gelu.default: (_ATEN.gelu.out, "out", _shape_of_first),
    _ATEN.silu.default: (_ATEN.silu.out, "out", _shape_of_first),
    _ATEN._log_softmax.default: (_ATEN._log_softmax.out, "out", _shape_of_first),
    _ATEN._log_softmax_backward_data.default: (
        _ATEN._log_softmax_backward_data.out,
        "out",
        _shape_of_first,
    ),
    **{
        backward.default: (backward.grad_input, "grad_input", _shape_of_first)
        for backward in (
            _ATEN.threshold_backward,
            _ATEN.elu_backward,
            _ATEN.gelu_backward,
            _ATEN.silu_backward,
        )
    },
}
"""Torch operations with an out argument: the variant that takes it, the name of the
argument, and the function that returns the shape of the result."""
