"""Batch source of targets of one graph with sampled neighbours."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Self

import numpy as np
import torch
from torch import nn

from skattn._batch import GraphBatch, NeighborSampler, batches
from skattn._training._batch_source import Pair, Size
from skattn._training._labels import Labels
from skattn._training._microbatches import Microbatches
from skattn._training._shared_fits import current_processes
from skattn._training._work import MAX_PARTS, has_batch_norm

TARGETS_PER_PART = 256
"""Minimum number of targets of a microbatch: the neighbourhoods of fewer targets
overlap more with those of other microbatches."""


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
    targets_per_part: int | None = None
    """Minimum number of targets of a microbatch; None for undivided batches."""

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
            if generator is None or labels is None or self.targets_per_part is None:
                yield self.sampler.sample(self.targets[rows], seed, self.device), labels
            else:
                yield self._divided(rows, labels, seed, generator), labels

    def largest_batch(self) -> None:
        """Return None: sizes of batches are unknown before sampling."""

    def with_microbatches(self, module: nn.Module, _work: float) -> Self:
        """Divide training batches into microbatches, if processes share them.

        One process samples whole batches: neighbourhoods of the parts overlap. Batch
        normalisation has statistics of the whole batch.
        """
        if current_processes() is None or has_batch_norm(module):
            return self
        return replace(self, targets_per_part=TARGETS_PER_PART)

    def _divided(
        self,
        rows: np.ndarray,
        labels: Labels,
        seed: int,
        generator: torch.Generator,
    ) -> Microbatches:
        """Return the microbatches of a batch, of which one seed draws the senders."""
        assert self.targets_per_part is not None
        most = min(len(rows) // self.targets_per_part, MAX_PARTS)
        parts = np.array_split(self.targets[rows], max(most, 1))
        seeds = torch.randint(2**62, (len(parts),), generator=generator).tolist()
        cut = partial(self.sampler.sample, seed=seed, device=self.device)
        n_threads = torch.get_num_threads() if self.device.type == "cpu" else 1
        return Microbatches(cut, parts, labels, seeds, n_threads)
