"""Reuse of large tensors' memory between training steps."""

from contextlib import AbstractContextManager, nullcontext

from torch import nn

from skattn._training._batch_source import BatchSource
from skattn._training._live_bytes import HEAP_LIMIT
from skattn._training._work import width_of
from skattn.ops import reuse_buffers

REUSE_FROM_NUMBERS = HEAP_LIMIT // 4
"""Size (float32 numbers) from which reuse is faster: the C library keeps no memory of
such tensors."""


def reuse_large_buffers(
    module: nn.Module, source: BatchSource
) -> AbstractContextManager[None]:
    """Return a context that reuses the memory of large tensors, if that is faster."""
    if not source.has_constant_size or source.device.type != "cpu":
        return nullcontext()
    if source.size.rows * width_of(module) < REUSE_FROM_NUMBERS:
        return nullcontext()
    return reuse_buffers()
