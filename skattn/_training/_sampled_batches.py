"""Targets of one graph in batches, with sampled neighbours."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import torch
from torch import nn

from skattn._batch import GraphBatch, NeighborSampler, batches
from skattn._training._batch_source import Pair, Size
from skattn._training._labels import Labels


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

    is_constant: ClassVar[bool] = False
    """Whether tensors keep their sizes from batch to batch."""
    remedy: ClassVar[str] = (
        "Set batch_size to fewer targets, or fanout to fewer senders"
    )
    """Advice for batches that do not fit into memory."""

    @property
    def amount(self) -> str:
        """Content of a batch, for messages."""
        return f"{min(self.batch_size, len(self.targets))} targets"

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

    def __len__(self) -> int:
        """Return the number of targets, which skorch's callbacks count."""
        return len(self.targets)

    def epoch(self, generator: torch.Generator | None) -> Iterator[Pair]:
        """Iterate over the batches."""
        for rows in batches(len(self.targets), self.batch_size, generator):
            labels = None if self.labels is None else self.labels[rows].to(self.device)
            seed = 0
            if generator is not None:
                seed = int(torch.randint(2**62, (), generator=generator))
            yield self.sampler.sample(self.targets[rows], seed, self.device), labels

    def largest(self) -> None:
        """Return None: batches are not known before they are drawn."""

    def shared(self, _module: nn.Module, _work: float) -> Self:
        """Return the source itself: torch's threads share its products."""
        return self
