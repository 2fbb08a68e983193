"""Sources of batches and their labels: what every one of them says."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol, Self

import torch
from torch import nn

from skattn._batch import GraphBatch
from skattn._training._labels import Labels
from skattn._training._microbatches import Microbatches
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


class BatchSource(Protocol):
    """Batches of graphs or of targets, epoch by epoch."""

    @property
    def device(self) -> torch.device:
        """Device of the batches."""

    @property
    def whole(self) -> GraphBatch:
        """All nodes in one batch."""

    @property
    def n_features(self) -> int:
        """Width of the node features."""

    @property
    def batch_size(self) -> int | None:
        """Number of graphs or targets in a batch; None for one whole graph."""

    @property
    def size(self) -> Size:
        """Sizes of a batch."""

    @property
    def is_constant(self) -> bool:
        """Whether tensors keep their sizes from batch to batch."""

    @property
    def amount(self) -> str:
        """Content of a batch, for messages."""

    @property
    def remedy(self) -> str:
        """Advice for batches that do not fit into memory."""

    def __len__(self) -> int:
        """Return the number of targets, which skorch's callbacks count."""

    def epoch(self, generator: torch.Generator | None) -> Iterator[Pair]:
        """Iterate over the batches.

        Parameters
        ----------
        generator : torch.Generator or None
            Source of the order and of everything drawn; None for the same batches every
            time, in the targets' own order.

        Yields
        ------
        tuple of (GraphBatch or Microbatches) and (Labels or None)
            A batch and its labels.
        """

    def largest(self) -> tuple[GraphBatch, Labels | None] | None:
        """Return the batch with the most edges; None where it is not known."""

    def shared(self, module: nn.Module, work: float) -> Self:
        """Return the source whose training batches threads share, if that pays."""


TrainingData = tuple[BatchSource, BatchSource | None]
"""Training data, and validation data if any."""
