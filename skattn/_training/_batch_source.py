"""Protocol of sources of batches and their labels."""

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol, Self

import torch
from torch import nn

from skattn._batch import GraphBatch
from skattn._training._labels import Labels
from skattn._training._parts import Parts
from skattn.ops import SparseMatrix

Pair = tuple[GraphBatch | Parts, Labels | None]
"""A batch and the labels of its targets, if there are any."""


class Size(NamedTuple):
    """Numbers of nodes, feature values and edges of a batch."""

    rows: float
    """Number of nodes."""
    entries: float
    """Number of feature values; of stored ones if features are sparse."""
    edges: float
    """Number of edges, self-loops included."""

    @classmethod
    def of(cls, batch: GraphBatch, share: float = 1.0) -> "Size":
        """Return the sizes of a batch, times ``share``."""
        x = batch.x
        entries = len(x.values) if isinstance(x, SparseMatrix) else x.numel()
        numbers = len(x), entries, batch.structure.edges.n_edges
        return cls(*(share * number for number in numbers))


class BatchSource(Protocol):
    """Batches of graphs or of target nodes, epoch by epoch."""

    @property
    def device(self) -> torch.device:
        """Device of the batches."""

    @property
    def whole(self) -> Any:
        """All graphs in one batch."""

    @property
    def n_features(self) -> int:
        """Width of the node features."""

    @property
    def batch_size(self) -> int | None:
        """Number of graphs or targets in a batch; None for one whole graph."""

    @property
    def size(self) -> Size:
        """Numbers of nodes, feature values and edges of a batch."""

    @property
    def has_constant_size(self) -> bool:
        """Whether all batches have tensors of the same sizes."""

    @property
    def batch_content(self) -> str:
        """Description of a batch for error messages, such as "128 graphs"."""

    @property
    def remedy(self) -> str:
        """Advice of error messages if a batch does not fit into memory."""

    def __len__(self) -> int:
        """Return the number of targets, which skorch's callbacks count."""

    def epoch(self, generator: torch.Generator | None) -> Iterator[Any]:
        """Iterate over the batches of an epoch, each a `Pair` if it has graphs.

        The generator shuffles the targets and draws samples; None: always the same
        batches, in the order of the targets.
        """

    def largest_batch(self) -> tuple[Any, Labels | None] | None:
        """Return a batch with the most edges; None if unknown."""

    def with_microbatches(self, module: nn.Module, work: float) -> Self:
        """Return the source with batches divided for threads, if that is faster."""


TrainingData = tuple[BatchSource, BatchSource | None]
"""Training data, and validation data or None."""
