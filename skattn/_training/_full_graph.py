"""One graph as a single batch."""

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

    batch_size: ClassVar[None] = None
    """Number of graphs or targets in a batch: of one graph, all."""
    is_constant: ClassVar[bool] = True
    """Whether tensors keep their sizes from batch to batch."""
    amount: ClassVar[str] = "the whole graph"
    """Content of a batch, for messages."""
    remedy: ClassVar[str] = (
        "Train on batches of targets and sampled neighbours (fanout=..., the number of "
        "senders in each layer, and batch_size=512)"
    )
    """Advice for batches that do not fit into memory."""

    @property
    def device(self) -> torch.device:
        """Device of the batch."""
        return self.batch.targets.device

    def __len__(self) -> int:
        """Return the number of targets, which skorch's callbacks count."""
        return len(self.batch.targets)

    def epoch(self, generator: torch.Generator | None) -> Iterator[Pair]:
        """Iterate over the batches, here the only one."""
        yield self.batch, self.labels

    def largest(self) -> tuple[GraphBatch, Labels | None]:
        """Return the only batch."""
        return self.batch, self.labels

    def shared(self, _module: nn.Module, _work: float) -> Self:
        """Return the source itself: torch's threads share its products."""
        return self
