"""Work of a training step, and its division into microbatches."""

from torch import nn

from skattn._training._batch_source import BatchSource
from skattn._training._microbatches import MIN_GRAPHS_PER_PART

WORK_PER_EDGE_COLUMN = 8
"""Multiplications that take as long as an edge's column, see benchmarks/README.md."""
WORK_PER_PART = 6_000_000
"""Multiplications of a microbatch that outweigh its overhead in Python, see
benchmarks/README.md."""
MAX_PARTS = 16
"""Maximum number of microbatches: more would wait for Python's interpreter lock."""
MIN_ROWS_PER_COLUMN = 4
"""Minimum number of nodes of a microbatch per column of the widest weight, so that its
weight gradients are small compared with its work."""


def work_of(module: nn.Module, source: BatchSource) -> float:
    """Estimate the work of a step: multiplications of its largest operation.

    That is a matrix product or the pass over the edges.
    """
    size, works = source.size, [0.0]
    for weight in module.parameters():
        is_first = weight.dim() == 2 and len(weight) == source.n_features
        works.append(
            size.entries * weight.shape[1] if is_first else size.rows * weight.numel()
        )
    return max(*works, WORK_PER_EDGE_COLUMN * size.edges * width_of(module))


def width_of(module: nn.Module) -> int:
    """Return the number of columns of the widest weight, 0 without weights."""
    return max((w.shape[-1] for w in module.parameters() if w.dim()), default=0)


def count_parts(
    module: nn.Module, work: float, n_nodes: float, n_graphs: int, max_graph_size: int
) -> int:
    """Choose the number of microbatches, independent of the number of threads.

    It is 1 if there are few graphs or a large one, for which torch's own parallelism is
    faster.

    Parameters
    ----------
    module : nn.Module
        The module.
    work : float
        Work of a batch, from `work_of`.
    n_nodes, n_graphs : float, int
        Size of a batch.
    max_graph_size : int
        Number of nodes of the largest graph.
    """
    per_part = MIN_ROWS_PER_COLUMN * max(width_of(module), 1)
    enough = n_nodes // per_part, n_nodes // max(max_graph_size, 1)
    most = min(
        work // WORK_PER_PART, *enough, n_graphs // MIN_GRAPHS_PER_PART, MAX_PARTS
    )
    return int(max(most, 1))


def has_batch_norm(module: nn.Module) -> bool:
    """Return whether a module normalises by statistics of the batch."""
    return any(isinstance(part, nn.BatchNorm1d) for part in module.modules())
