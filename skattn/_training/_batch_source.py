"""What a network learns from: batches and their answers, epoch by epoch."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from skattn._batch import GraphBatch, GraphBlock, NeighborSampler, batches
from skattn._training._labels import Labels
from skattn._training._microbatches import GRAPHS, Microbatches
from skattn.ops import SparseMatrix

Pair = tuple[GraphBatch | Microbatches, Labels | None]


class Size(NamedTuple):
    """How much goes through a network at a time."""

    rows: float
    """Nodes."""
    entries: float
    """Numbers in their features; of sparse ones those that are stored."""
    edges: float
    """Edges, self-loops included."""

    @classmethod
    def of(cls, batch: GraphBatch, share: float = 1.0) -> "Size":
        """Measure a share of a batch."""
        x = batch.x
        entries = len(x.values) if isinstance(x, SparseMatrix) else x.numel()
        numbers = len(x), entries, batch.structure.edges.n_edges
        return cls(*(share * number for number in numbers))


@dataclass(frozen=True, eq=False)
class FullGraph:
    """One batch and its answers: a graph as a whole."""

    batch: GraphBatch
    """The graph and the targets."""
    goal: Labels | None
    """One answer per target; None where nothing is asked."""

    @property
    def whole(self) -> GraphBatch:
        """All there is."""
        return self.batch

    @property
    def n_features(self) -> int:
        """Width of the node features."""
        return int(self.batch.x.shape[1])

    @property
    def size(self) -> Size:
        """What goes through a network at a time."""
        return Size.of(self.batch)

    @property
    def device(self) -> torch.device:
        """Where the batch is."""
        return self.batch.targets.device

    def epoch(self, generator: torch.Generator | None) -> Iterator[Pair]:
        """Go through the batches, here the only one.

        Parameters
        ----------
        generator : torch.Generator or None
            Shuffles, where there are several.

        Yields
        ------
        tuple of GraphBatch and (Labels or None)
            A batch and its answers.
        """
        yield self.batch, self.goal


@dataclass(frozen=True, eq=False)
class GraphBatches:
    """Many graphs and their answers, some at a time."""

    block: GraphBlock
    """All the graphs."""
    numbers: np.ndarray
    """(n_targets,) int64: the graphs that are asked about."""
    goal: Labels | None
    """One answer per target, on the CPU; None where nothing is asked."""
    batch_size: int
    """How many graphs are in a batch."""
    device: torch.device
    """Where the batches shall be."""
    n_parts: int = 1
    """In how many parts a batch is learned from, if on the CPU."""
    n_threads: int = 1
    """How many threads may share these."""

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
        """What goes through a network at a time, if graphs are of average size."""
        n_graphs = min(self.batch_size, len(self.numbers))
        return Size.of(self.whole, n_graphs / max(len(self.block), 1))

    def epoch(self, generator: torch.Generator | None) -> Iterator[Pair]:
        """Go through the batches.

        Parameters
        ----------
        generator : torch.Generator or None
            Shuffles the graphs; None for their own order.

        Yields
        ------
        tuple of (GraphBatch or Microbatches) and (Labels or None)
            A batch and its answers; in parts where graphs are shuffled and there are
            answers.
        """
        for rows in batches(len(self.numbers), self.batch_size, generator):
            goal = None if self.goal is None else self.goal[rows].to(self.device)
            n_parts = min(self.n_parts, len(rows) // GRAPHS)
            if generator is None or goal is None or n_parts < 2:
                yield self.block.cut(self.numbers[rows], self.device), goal
            else:
                parts = np.array_split(self.numbers[rows], n_parts)
                seeds = torch.randint(2**62, (n_parts,), generator=generator).tolist()
                yield Microbatches(self.block, parts, goal, seeds, self.n_threads), goal


@dataclass(frozen=True, eq=False)
class SampledBatches:
    """Nodes of a large graph and their answers, some at a time.

    Every batch is a small graph drawn around its targets, anew in every epoch: to learn
    from, not to predict with.
    """

    sampler: NeighborSampler
    """Draws from the graph."""
    targets: np.ndarray
    """(n_targets,) int64: the nodes that are asked about."""
    goal: Labels | None
    """One answer per target, on the CPU; None where nothing is asked."""
    batch_size: int
    """How many targets are in a batch."""
    device: torch.device
    """Where the batches shall be."""

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
        """What goes through a network; not known before it is drawn, but much."""
        return Size(math.inf, math.inf, math.inf)

    def epoch(self, generator: torch.Generator | None) -> Iterator[Pair]:
        """Go through the batches.

        Parameters
        ----------
        generator : torch.Generator or None
            Shuffles the targets and draws their neighbours; None for the targets' own
            order and the same neighbours every time.

        Yields
        ------
        tuple of GraphBatch and (Labels or None)
            A batch and its answers.
        """
        for rows in batches(len(self.targets), self.batch_size, generator):
            goal = None if self.goal is None else self.goal[rows].to(self.device)
            seed = 0
            if generator is not None:
                seed = int(torch.randint(2**62, (), generator=generator))
            yield self.sampler.sample(self.targets[rows], seed, self.device), goal


BatchSource = FullGraph | GraphBatches | SampledBatches
TrainingData = tuple[BatchSource, BatchSource | None]
"""What to learn from, and what to validate on."""
