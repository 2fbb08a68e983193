"""Batch sources of pairs of nodes, for training and for prediction."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from skattn._batch import GraphBatch, PairBatch, PairCollator, batches
from skattn._training._batch_source import Pair, Size
from skattn._training._labels import Labels
from skattn.graph._non_links import NegativeSampling, NonLinks
from skattn.graph._pair_keys import Pairs

Features = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Negatives:
    """Drawn non-links of a training."""

    non_links: NonLinks
    """Pairs that can be drawn."""
    n_each: int
    """Number of non-links for each link of a batch."""
    how: NegativeSampling
    """Distribution of the draw."""
    label: int
    """Class of non-links."""


@dataclass(frozen=True, eq=False)
class PairBatches:
    """Batch source of labelled pairs, and of drawn non-links, for training.

    The edges of all pairs of a batch are hidden in its graph, in both directions.
    """

    collator: PairCollator
    """Conversion of pairs to batches."""
    pairs: Pairs
    """(n_pairs, 2) labelled pairs."""
    row_features: Features
    """(n_pairs, n_row_features) features of their rows, standardised."""
    y: np.ndarray
    """(n_pairs,) int64 classes, or (n_pairs, 1) float32 numbers."""
    is_link: np.ndarray
    """(n_pairs,) bool: whether a pair is a link."""
    negatives: Negatives | None
    """Drawn non-links; None for none."""
    batch_size: int
    """Number of labelled pairs in a batch."""

    has_constant_size: ClassVar[bool] = False
    """Whether all batches have tensors of the same sizes."""
    batch_content: ClassVar[str] = "the whole graph"
    """Description of a batch for error messages."""
    remedy: ClassVar[str] = "Pass a graph with fewer edges"
    """Advice of error messages if a batch does not fit into memory."""

    @cached_property
    def whole(self) -> GraphBatch:
        """The graph with the pairs of the largest batch."""
        size = self.batch_size
        return self.collator.hiding(self.pairs[:size], self.row_features[:size])

    @property
    def device(self) -> torch.device:
        """Device of the batches."""
        return self.collator.device

    @property
    def n_features(self) -> int:
        """Width of the node features."""
        return int(self.collator.features.shape[1])

    @property
    def size(self) -> Size:
        """Sizes of a batch."""
        return Size.of(self.whole)

    def __len__(self) -> int:
        """Return the number of labelled pairs, which skorch's callbacks count."""
        return len(self.pairs)

    def epoch(self, generator: torch.Generator | None) -> Iterator[Pair]:
        """Iterate over the batches of an epoch."""
        for rows in batches(len(self.pairs), self.batch_size, generator):
            seed = 0
            if generator is not None:
                seed = int(torch.randint(2**62, (), generator=generator))
            yield self._batch(rows, np.random.default_rng(seed))

    def largest_batch(self) -> tuple[GraphBatch, Labels | None]:
        """Return a batch; all have about as many edges."""
        return self._batch(
            np.arange(min(self.batch_size, len(self))), np.random.default_rng(0)
        )

    def with_microbatches(self, _module: nn.Module, _work: float) -> Self:
        """Return the source itself: torch parallelises its matrix products."""
        return self

    def _batch(
        self, rows: np.ndarray, rng: np.random.Generator
    ) -> tuple[PairBatch, Labels]:
        pairs, features, y = self.pairs[rows], self.row_features[rows], self.y[rows]
        if self.negatives is not None:
            is_link = self.is_link[rows]
            draw = self.negatives
            drawn, of = draw.non_links.draw(pairs[is_link], draw.n_each, draw.how, rng)
            pairs = np.concatenate([pairs, drawn])
            features = np.concatenate([features, features[is_link][of]])
            y = np.concatenate([y, np.full(len(drawn), draw.label, y.dtype)])
        labels = torch.from_numpy(y)
        batch = self.collator.hiding(pairs, features)
        return batch, Labels(labels, torch.ones(labels.shape)).to(self.device)
