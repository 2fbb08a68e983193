"""Batch source of many graphs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Self

import numpy as np
import torch
from torch import nn

from skattn._batch import GraphBatch, GraphBlock, batches
from skattn._training._batch_source import Pair, Size
from skattn._training._labels import Labels
from skattn._training._microbatches import MIN_GRAPHS_PER_PART, Microbatches
from skattn._training._shared_fits import current_processes
from skattn._training._tree_sum import even_ranges
from skattn._training._work import count_parts, has_batch_norm

MAX_WAITING_PARTS = 4
"""Maximum number of microbatches that wait for each other in each layer."""


@dataclass(frozen=True, eq=False)
class GraphBatches:
    """Batch source of many graphs and their labels."""

    block: GraphBlock
    """All graphs."""
    numbers: np.ndarray
    """(n_targets,) int64: the target graphs."""
    labels: Labels | None
    """Labels of the targets, on the CPU; None without labels."""
    batch_size: int
    """Number of graphs in a batch."""
    device: torch.device
    """Device of the batches."""
    n_parts: int = 1
    """Number of microbatches of a training batch."""
    n_threads: int = 1
    """Maximum number of threads for the microbatches."""

    has_constant_size: ClassVar[bool] = False
    """Whether all batches have tensors of the same sizes."""
    remedy: ClassVar[str] = "Decrease batch_size (graphs per batch)"
    """Advice of error messages if a batch does not fit into memory."""

    @property
    def whole(self) -> GraphBatch:
        """All graphs in one batch, on the CPU."""
        return self.block.whole

    @property
    def n_features(self) -> int:
        """Width of the node features."""
        return self.block.n_features

    @property
    def size(self) -> Size:
        """Mean sizes of a batch."""
        n_graphs = min(self.batch_size, len(self.numbers))
        return Size.of(self.whole, n_graphs / max(len(self.block), 1))

    @property
    def batch_content(self) -> str:
        """Description of a batch for error messages."""
        return f"{min(self.batch_size, len(self.numbers))} graphs"

    def __len__(self) -> int:
        """Return the number of targets, which skorch's callbacks count."""
        return len(self.numbers)

    def epoch(self, generator: torch.Generator | None) -> Iterator[Pair]:
        """Iterate over the batches of an epoch."""
        for rows in batches(len(self.numbers), self.batch_size, generator):
            labels = None if self.labels is None else self.labels[rows].to(self.device)
            n_parts = min(self.n_parts, len(rows) // MIN_GRAPHS_PER_PART)
            if generator is None or labels is None or n_parts < 2:
                yield self.block.cut(self.numbers[rows], self.device), labels
            else:
                parts = np.array_split(self.numbers[rows], n_parts)
                seeds = torch.randint(2**62, (n_parts,), generator=generator).tolist()
                cut = partial(self.block.cut, device=self.device)
                yield Microbatches(cut, parts, labels, seeds, self.n_threads), labels

    def share(self, rank: int, count: int) -> Self:
        """Return the source of some of the batches, in order, one of `count` shares."""
        size = self.batch_size
        n_batches = max(len(list(batches(len(self), size))), 1)
        own = even_ranges(n_batches, count)[rank]
        stop = None if own.stop == n_batches else own.stop * size
        rows = np.arange(len(self))[own.start * size : stop] if own else np.arange(0)
        labels = None if self.labels is None else self.labels[rows]
        return replace(self, numbers=self.numbers[rows], labels=labels)

    def largest_batch(self) -> tuple[GraphBatch, Labels | None]:
        """Return a batch of the graphs with the most edges."""
        structure = self.block.whole.structure
        assert structure.node_ptr is not None
        n_edges = structure.edges.indptr[structure.node_ptr].diff().numpy()
        largest = np.argsort(n_edges[self.numbers])[-self.batch_size :]
        labels = None if self.labels is None else self.labels[largest]
        return self.block.cut(self.numbers[largest]), labels

    def with_microbatches(self, module: nn.Module, work: float) -> Self:
        """Divide training batches into microbatches for threads or processes.

        A GPU alone computes a whole batch.
        """
        is_on_cpu = self.device.type == "cpu"
        if not is_on_cpu and current_processes() is None:
            return self
        n_graphs = min(self.batch_size, len(self.numbers))
        sizes = self.size.rows, n_graphs, self.block.max_graph_size
        n_parts = count_parts(module, work, *sizes)
        if has_batch_norm(module):  # processes that share a batch add its statistics
            most = 1 if current_processes() is None else MAX_WAITING_PARTS
            n_parts = min(n_parts, most)
        # torch's anomaly detection hangs in several threads
        one = torch.is_anomaly_enabled() or not is_on_cpu
        n_threads = 1 if one else torch.get_num_threads()
        return replace(self, n_parts=n_parts, n_threads=n_threads)
