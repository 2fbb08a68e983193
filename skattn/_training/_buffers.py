"""Reuse of memory from step to step in trainings with large tensors."""

from contextlib import AbstractContextManager, nullcontext

from torch import nn

from skattn._training._batch_source import BatchSource
from skattn._training._live_bytes import HEAP_LIMIT
from skattn._training._work import width_of
from skattn.ops import reuse_buffers

REUSE_FROM_NUMBERS = HEAP_LIMIT // 4
"""Numbers (float32) in a tensor for which the C library keeps no memory: from there on
reuse saves more time than it costs."""


def reuse_large_buffers(
    module: nn.Module, source: BatchSource
) -> AbstractContextManager[None]:
    """Reuse the memory of large tensors from step to step, if that is faster.

    Parameters
    ----------
    module : nn.Module
        The module that is trained.
    source : FullGraph, GraphBatches or SampledBatches
        The training data; in batches, tensors of successive steps differ in size.

    Returns
    -------
    context manager
        For the steps of the training.
    """
    if not source.has_constant_size or source.device.type != "cpu":
        return nullcontext()
    if source.size.rows * width_of(module) < REUSE_FROM_NUMBERS:
        return nullcontext()
    return reuse_buffers()
