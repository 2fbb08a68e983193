"""Sources of batches and their labels, epoch by epoch."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from skattn._batch import GraphBatch, GraphBlock, NeighborSampler, batches
from skattn._training._labels import Labels
from skattn._training._microbatches import MIN_GRAPHS_PER_PART, Microbatches
from skattn.ops import SparseMatrix

Pair = tuple[GraphBatch | Microbatches, Labels | None]


class Size(NamedTuple):
    """Sizes of a batch."""

    rows: float
    """Nodes."""
    entries: float
    """Numbers in their features; of sparse ones those that are stored."""
    edges: float
    """Edges, self-loops included."""

    @classmethod
    def of(cls, batch: GraphBatch, share: float = 1.0) -> "Size":
        """Return the sizes of a fraction of a batch."""
        x = batch.x
        entries = len(x.values) if isinstance(x, SparseMatrix) else x.numel()
        numbers = len(x), entries, batch.structure.edges.n_edges
        return cls(*(share * number for number in numbers))


@dataclass(frozen=True, eq=False)
class FullGraph:
    """A single batch: one whole graph, and its labels."""

    batch: GraphBatch
    """The graph and the targets."""
    labels: Labels | None
    """One per target; None without labels."""

    @property
    def whole(self) -> GraphBatch:
        """The graph."""
        return self.batch

    @property
    def n_features(self) -> int:
        """Width of the node features."""
        return int(self.batch.x.shape[1])

    @property
    def size(self) -> Size:
        """Sizes of the batch."""
        return Size.of(self.batch)

    @property
    def device(self) -> torch.device:
        """Device of the batch."""
        return self.batch.targets.device

    def epoch(self, generator: torch.Generator | None) -> Iterator[Pair]:
        """Iterate over the batches, here the only one.

        Parameters
        ----------
        generator : torch.Generator or None
            Shuffles, where there are several.

        Yields
        ------
        tuple of GraphBatch and (Labels or None)
            A batch and its labels.
        """
        yield self.batch, self.labels


@dataclass(frozen=True, eq=False)
class GraphBatches:
    """Many graphs and their labels, in batches."""

    block: GraphBlock
    """All the graphs."""
    numbers: np.ndarray
    """(n_targets,) int64: the target graphs."""
    labels: Labels | None
    """One per target, on the CPU; None without labels."""
    batch_size: int
    """Graphs in a batch."""
    device: torch.device
    """Device of the batches."""
    n_parts: int = 1
    """Microbatches of a training batch, on the CPU."""
    n_threads: int = 1
    """Threads that may share them."""

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
        """Sizes of a batch of average graphs."""
        n_graphs = min(self.batch_size, len(self.numbers))
        return Size.of(self.whole, n_graphs / max(len(self.block), 1))

    def epoch(self, generator: torch.Generator | None) -> Iterator[Pair]:
        """Iterate over the batches.

        Parameters
        ----------
        generator : torch.Generator or None
            Shuffles the graphs; None for their own order.

        Yields
        ------
        tuple of (GraphBatch or Microbatches) and (Labels or None)
            A batch and its labels; as microbatches where graphs are shuffled and there
            are labels.
        """
        for rows in batches(len(self.numbers), self.batch_size, generator):
            labels = None if self.labels is None else self.labels[rows].to(self.device)
            n_parts = min(self.n_parts, len(rows) // MIN_GRAPHS_PER_PART)
            if generator is None or labels is None or n_parts < 2:
                yield self.block.cut(self.numbers[rows], self.device), labels
            else:
                parts = np.array_split(self.numbers[rows], n_parts)
                seeds = torch.randint(2**62, (n_parts,), generator=generator).tolist()
                yield (
                    Microbatches(self.block, parts, labels, seeds, self.n_threads),
                    labels,
                )


@dataclass(frozen=True, eq=False)
class SampledBatches:
    """Nodes of a large graph and their labels, in batches.

    Every batch is a small graph drawn around its targets, anew in every epoch: for
    training, not for prediction.
    """

    sampler: NeighborSampler
    """Draws from the graph."""
    targets: np.ndarray
    """(n_targets,) int64: the target nodes."""
    labels: Labels | None
    """One per target, on the CPU; None without labels."""
    batch_size: int
    """Targets in a batch."""
    device: torch.device
    """Device of the batches."""

    @property
    def whole(self) -> GraphBatch:
        """The graph, on the CPU."""
        return self.sampler.whole

    @property
    def n_features(self) -> int:
        """Width of the node features."""
        return self.sampler.n_features

    @property
    def size(self) -> Size:
        """Sizes of a batch; infinite, as they are not known before it is drawn."""
        return Size(math.inf, math.inf, math.inf)

    def epoch(self, generator: torch.Generator | None) -> Iterator[Pair]:
        """Iterate over the batches.

        Parameters
        ----------
        generator : torch.Generator or None
            Shuffles the targets and draws their neighbours; None for the targets' own
            order and the same neighbours every time.

        Yields
        ------
        tuple of GraphBatch and (Labels or None)
            A batch and its labels.
        """
        for rows in batches(len(self.targets), self.batch_size, generator):
            labels = None if self.labels is None else self.labels[rows].to(self.device)
            seed = 0
            if generator is not None:
                seed = int(torch.randint(2**62, (), generator=generator))
            yield self.sampler.sample(self.targets[rows], seed, self.device), labels


BatchSource = FullGraph | GraphBatches | SampledBatches
TrainingData = tuple[BatchSource, BatchSource | None]
"""Training data, and validation data if any."""
