"""Reuse of large buffers from one training step to the next.

The C library requests memory of more than 32 MB from the system every time and returns
it when freed, and the system clears every page: a third of a step on very large graphs.
Inside `reuse_buffers` such memory stays with the thread. It serves `empty`, for the
kernels, and those operations of torch that can write into a given tensor.
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
"""Minimum size of a reused buffer in numbers (4 MB), as of numpy's huge pages."""
_LINE = 16
"""Numbers in a cache line."""


class _Buffers:
    """Memory of freed tensors, for tensors of the same size."""

    def __init__(self) -> None:
        self._idle: list[np.ndarray] = []
        self._lent = self._most = 0
        self._open = True

    def take(self, shape: tuple[int, ...]) -> np.ndarray:
        """Return an array that returns its memory when no tensor uses it."""
        memory = self._find(math.prod(shape))
        lent = memory.reshape(shape)
        weakref.finalize(lent, self._come_back, memory).atexit = False
        return lent

    def close(self) -> None:
        """Free idle memory, and lent memory once it is returned."""
        self._open = False
        self._idle.clear()

    def _find(self, size: int) -> np.ndarray:
        self._lent += size
        self._most = max(self._most, self._lent)
        for i, memory in enumerate(self._idle):
            if memory.size == size:
                return self._idle.pop(i)
        # lent and idle together are never more than what was once lent
        while self._idle and self._lent + self._n_idle() > self._most:
            self._idle.pop(0)
        return _aligned(size)

    def _n_idle(self) -> int:
        return sum(memory.size for memory in self._idle)

    def _come_back(self, memory: np.ndarray) -> None:
        self._lent -= memory.size
        if self._open:
            self._idle.append(memory)


_KEPT: ContextVar[_Buffers | None] = ContextVar("skattn_buffers", default=None)


@contextmanager
def reuse_buffers() -> Iterator[None]:
    """Reuse the memory of large tensors on the CPU for later ones of the same size.

    For a ``with`` block around the steps of a training. Memory of float32 tensors of
    4 MB or more, made by `skattn.ops` or by the common operations of torch, goes to the
    next such tensor when it is free. Results are the same, and such tensors never take
    more memory than was in use at once. Steps are faster where tensors take 32 MB or
    more, and some milliseconds slower where all are small.

    Yields
    ------
    None
        Buffers belong to this thread or task; idle memory is freed when the block ends.

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
        with _Redirected():
            yield
    finally:
        _KEPT.reset(token)
        buffers.close()


def empty(*shape: int) -> Tensor:
    """Return an uninitialised float32 tensor in memory from numpy.

    numpy requests huge pages and torch does not.
    """
    size = math.prod(shape)
    if size < _LARGE:
        return torch.from_numpy(np.empty(shape, np.float32))
    buffers = _KEPT.get()
    if buffers is None:
        return torch.from_numpy(_aligned(size).reshape(shape))
    return torch.from_numpy(buffers.take(shape))


def _aligned(size: int) -> np.ndarray:
    """Return an array aligned to a cache line, which numpy's are not.

    Rows of 32 numbers then take two lines instead of three.
    """
    memory = np.empty(size + _LINE, np.float32)
    at = memory.__array_interface__["data"][0] // memory.itemsize
    return memory[-at % _LINE :][:size]


# ---- operations of torch -------------------------------------------------------------

_ATEN = torch.ops.aten


class _Redirected(TorchDispatchMode):
    """Write large results of torch's operations into buffers."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        known = _WRITERS.get(func)
        if known is not None and all(map(_may_lie_in_a_buffer, args)):
            write, out, shape_of = known
            shape = shape_of(*args)
            if math.prod(shape) >= _LARGE:
                return write(*args, **kwargs, **{out: empty(*shape)})
        return func(*args, **kwargs)


def _may_lie_in_a_buffer(x: Any) -> bool:
    return not isinstance(x, Tensor) or (x.is_cpu and x.dtype is torch.float32)


def _relu(x: Tensor, *, out: Tensor) -> Tensor:
    return torch.clamp_min(x, 0, out=out)


def _of_product(x: Tensor, weight: Tensor) -> tuple[int, int]:
    return x.shape[0], weight.shape[1]


def _of_sum(_added: Tensor, x: Tensor, weight: Tensor) -> tuple[int, int]:
    return _of_product(x, weight)


def _of_both(x: Tensor, y: Any) -> tuple[int, ...]:
    if not isinstance(y, Tensor) or x.shape == y.shape:
        return x.shape
    shape: tuple[int, ...] = torch.broadcast_shapes(x.shape, y.shape)
    return shape


def _of_first(x: Tensor, *_others: Any) -> tuple[int, ...]:
    return x.shape


_WRITERS: dict[Any, tuple[Callable[..., Tensor], str, Callable[..., Any]]] = {
    _ATEN.mm.default: (_ATEN.mm.out, "out", _of_product),
    _ATEN.addmm.default: (_ATEN.addmm.out, "out", _of_sum),
    _ATEN.add.Tensor: (_ATEN.add.out, "out", _of_both),
    _ATEN.sub.Tensor: (_ATEN.sub.out, "out", _of_both),
    _ATEN.mul.Tensor: (_ATEN.mul.out, "out", _of_both),
    _ATEN.div.Tensor: (_ATEN.div.out, "out", _of_both),
    _ATEN.relu.default: (_relu, "out", _of_first),
    _ATEN.gelu.default: (_ATEN.gelu.out, "out", _of_first),
    _ATEN.silu.default: (_ATEN.silu.out, "out", _of_first),
    _ATEN._log_softmax.default: (_ATEN._log_softmax.out, "out", _of_first),
    _ATEN._log_softmax_backward_data.default: (
        _ATEN._log_softmax_backward_data.out,
        "out",
        _of_first,
    ),
    **{
        backward.default: (backward.grad_input, "grad_input", _of_first)
        for backward in (
            _ATEN.threshold_backward,
            _ATEN.elu_backward,
            _ATEN.gelu_backward,
            _ATEN.silu_backward,
        )
    },
}
"""Operations that can write their result into a given tensor: the variant that does,
the name of its argument, and the shape of the result."""
