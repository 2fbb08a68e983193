"""Batch source of targets of one graph with sampled neighbours."""

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
    """Batch source of nodes of a large graph, for training only.

    A batch is the sampled neighbourhood of its targets; each epoch samples anew.
    """

    sampler: NeighborSampler
    """Sampler of the graph."""
    targets: np.ndarray
    """(n_targets,) int64: the target nodes."""
    labels: Labels | None
    """Labels of the targets, on the CPU; None without labels."""
    batch_size: int
    """Number of targets in a batch."""
    device: torch.device
    """Device of the batches."""

    has_constant_size: ClassVar[bool] = False
    """Whether all batches have tensors of the same sizes."""
    remedy: ClassVar[str] = (
        "Decrease batch_size (targets per batch) or fanout (senders per node)"
    )
    """Advice of error messages if a batch does not fit into memory."""

    @property
    def batch_content(self) -> str:
        """Description of a batch for error messages."""
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
        """Sizes of a batch: infinite, because they are unknown before sampling."""
        return Size(math.inf, math.inf, math.inf)

    def __len__(self) -> int:
        """Return the number of targets, which skorch's callbacks count."""
        return len(self.targets)

    def epoch(self, generator: torch.Generator | None) -> Iterator[Pair]:
        """Iterate over the batches of an epoch."""
        for rows in batches(len(self.targets), self.batch_size, generator):
            labels = None if self.labels is None else self.labels[rows].to(self.device)
            seed = 0
            if generator is not None:
                seed = int(torch.randint(2**62, (), generator=generator))
            yield self.sampler.sample(self.targets[rows], seed, self.device), labels

    def largest_batch(self) -> None:
        """Return None: sizes of batches are unknown before sampling."""

    def with_microbatches(self, _module: nn.Module, _work: float) -> Self:
        """Return the source itself: torch parallelises its matrix products."""
        return self
