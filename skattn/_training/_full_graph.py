"""Batch source of one graph as a single batch."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

import torch
from torch import nn

from skattn._batch import GraphBatch
from skattn._training._batch_source import Pair, Size
from skattn._training._labels import Labels


@dataclass(frozen=True, eq=False)
class FullGraph:
    """Batch source with a single batch: one graph and the labels of its targets."""

    batch: GraphBatch
    """The graph and its targets."""
    labels: Labels | None
    """Labels of the targets; None without labels."""

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

    batch_size: ClassVar[None] = None
    """Number of graphs or targets in a batch; None for the whole graph."""
    has_constant_size: ClassVar[bool] = True
    """Whether all batches have tensors of the same sizes."""
    batch_content: ClassVar[str] = "the whole graph"
    """Description of a batch for error messages."""
    remedy: ClassVar[str] = (
        "Train on batches of targets with sampled neighbours (batch_size=512 and "
        "fanout, such as (15, 10, 5) for three attention layers)"
    )
    """Advice of error messages if a batch does not fit into memory."""

    @property
    def device(self) -> torch.device:
        """Device of the batch."""
        return self.batch.targets.device

    def __len__(self) -> int:
        """Return the number of targets, which skorch's callbacks count."""
        return len(self.batch.targets)

    def epoch(self, generator: torch.Generator | None) -> Iterator[Pair]:
        """Yield the only batch."""
        yield self.batch, self.labels

    def largest_batch(self) -> tuple[GraphBatch, Labels | None]:
        """Return the only batch."""
        return self.batch, self.labels

    def with_microbatches(self, _module: nn.Module, _work: float) -> Self:
        """Return the source itself: torch parallelises its matrix products."""
        return self
