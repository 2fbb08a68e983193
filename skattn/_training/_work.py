"""Work of a training step, and its number of microbatches."""

from torch import nn

from skattn._training._batch_source import BatchSource
from skattn._training._microbatches import MIN_GRAPHS_PER_PART

WORK_PER_EDGE_COLUMN = 8
"""Multiplications equivalent to one column of one edge's value; see "Thresholds
of a training step" in benchmarks/README.md."""
WORK_PER_PART = 6_000_000
"""Multiplications of a microbatch, enough to outweigh its Python and lock time; see
benchmarks/README.md."""
MAX_PARTS = 16
"""Microbatches of a batch; more would wait for the interpreter's lock."""
MIN_ROWS_PER_COLUMN = 4
"""Minimum number of nodes of a microbatch per column of the widest weight, so that the
microbatch's own weight gradients are small beside its work."""


def work_of(module: nn.Module, source: BatchSource) -> float:
    """Estimate the parallelisable work of a step.

    Parameters
    ----------
    module : nn.Module
        The module that is trained.
    source : FullGraph, GraphBatches or SampledBatches
        The training data.

    Returns
    -------
    float
        Multiplications in the largest matrix product, or in the pass over the edges if
        that takes longer.
    """
    size, works = source.size, [0.0]
    for weight in module.parameters():
        is_first = weight.dim() == 2 and len(weight) == source.n_features
        works.append(
            size.entries * weight.shape[1] if is_first else size.rows * weight.numel()
        )
    return max(*works, WORK_PER_EDGE_COLUMN * size.edges * width_of(module))


def width_of(module: nn.Module) -> int:
    """Return the largest number of columns of a weight, 0 without weights."""
    return max((w.shape[-1] for w in module.parameters() if w.dim()), default=0)


def count_parts(
    module: nn.Module, work: float, n_nodes: float, n_graphs: int, largest: int
) -> int:
    """Choose the number of microbatches of a batch, independent of the threads.

    Parameters
    ----------
    module : nn.Module
        The module that is trained.
    work : float
        Work of a batch, as of `work_of`.
    n_nodes : float
        Nodes in it.
    n_graphs : int
        Graphs in it.
    largest : int
        Nodes of the largest graph of all.

    Returns
    -------
    int
        1 where graphs are few, or one of them large: torch's threads share its
        products better. 1 also with batch normalisation, whose statistics are of the
        whole batch.
    """
    if any(isinstance(part, nn.BatchNorm1d) for part in module.modules()):
        return 1
    per_part = MIN_ROWS_PER_COLUMN * max(width_of(module), 1)
    enough = n_nodes // per_part, n_nodes // max(largest, 1)
    most = min(
        work // WORK_PER_PART, *enough, n_graphs // MIN_GRAPHS_PER_PART, MAX_PARTS
    )
    return int(max(most, 1))
