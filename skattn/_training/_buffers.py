"""Memory that stays with a training whose steps take much."""

from contextlib import AbstractContextManager, nullcontext

from torch import nn

from skattn._training._batch_source import BatchSource, FullGraph
from skattn._training._memory import HEAP_LIMIT
from skattn._training._threads import width_of
from skattn.ops import reuse_buffers

LARGE = HEAP_LIMIT // 4
"""Numbers in a tensor of which the C library keeps no memory. To look after it costs 3
ms a step, 2 % of one with tensors of 13 MB, and saves 20 to 35 % where they are larger
than this."""


def enough_buffers(
    module: nn.Module, task: BatchSource
) -> AbstractContextManager[None]:
    """Let steps leave their memory to the next ones if that pays.

    Parameters
    ----------
    module : nn.Module
        What is trained.
    task : FullGraph, GraphBatches or SampledBatches
        What it learns from; in batches, one step's tensors are not of the next's size.

    Returns
    -------
    context manager
        For the steps of the training.
    """
    if not isinstance(task, FullGraph) or task.device.type != "cpu":
        return nullcontext()
    if task.size.rows * width_of(module) < LARGE:
        return nullcontext()
    return reuse_buffers()
