"""Objective and batches of reasoning by paths."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor

from skattn._batch import QuestionBatch, QuestionTable
from skattn._training._batch_source import Size
from skattn.nn import PathReasoner, PathSpec
from skattn.ops import Facts

SHARE_HIDDEN = 0.2
"""Share of the answers of a training question that are hidden, at least one."""


@dataclass(frozen=True)
class PathReasoning:
    """Objective of hidden answers: cross-entropy over all entities."""

    spec: PathSpec
    """Sizes of the network."""

    @property
    def hops(self) -> tuple[int, ...]:
        """Hops of each layer."""
        return (1,) * self.spec.n_layers

    def module(self, n_features: int) -> PathReasoner:
        """Make the network, which has no features."""
        return PathReasoner(self.spec)

    def loss(
        self,
        module: PathReasoner,
        batch: QuestionBatch,
        labels: None,
        generator: Generator | None,
    ) -> tuple[Tensor, Tensor]:
        """Compute the mean loss of the hidden answers of a batch."""
        scores = module(batch.facts, batch.questions, generator)
        loss = scores.loss(batch.questions, batch.known_ptr, batch.known)
        return loss, scores.unreached

    def outputs(self, module: PathReasoner, batch: QuestionBatch) -> Tensor:
        """Compute the scores (n_questions, n_entities) in evaluation mode."""
        module.eval()
        scores: Tensor = module(batch.facts, batch.questions).dense()
        return scores


@dataclass(frozen=True, eq=False)
class QuestionBatches:
    """Training questions of a knowledge graph, some or all of them in each epoch."""

    facts: Facts
    """Edges of the knowledge graph."""
    table: QuestionTable
    """The questions and their answers."""
    batch_size: int
    """Number of questions in a batch."""
    n_per_epoch: int
    """Number of questions of an epoch, drawn anew for each."""
    hide_pairs: bool = False
    """Whether all facts between a source and a hidden answer are hidden."""

    n_features = 0
    has_constant_size = False
    remedy = "Decrease batch_size"

    def __len__(self) -> int:
        return min(self.n_per_epoch, len(self.table))

    @property
    def device(self) -> torch.device:
        """Device of the batches."""
        return self.facts.indptr.device

    @property
    def whole(self) -> QuestionBatch:
        """All questions in one batch."""
        numbers = torch.arange(len(self.table), device=self.device)
        return self._draw(numbers, None)

    @property
    def size(self) -> Size:
        """Bounds of the numbers of rows and edges of a batch."""
        n, facts = self.batch_size, self.facts
        return Size(n * facts.n_entities, 0, n * len(facts.receivers))

    @property
    def batch_content(self) -> str:
        """Description of a batch for error messages."""
        return f"{self.batch_size} questions"

    def epoch(
        self, generator: Generator | None
    ) -> Iterator[tuple[QuestionBatch, None]]:
        """Iterate over the batches of an epoch."""
        for numbers in self.table.batches(self.batch_size, generator, len(self)):
            yield self._draw(numbers.to(self.device), generator), None

    def largest_batch(self) -> None:
        """Return None: the rows of a batch are not known in advance."""

    def with_microbatches(self, module, work) -> "QuestionBatches":
        """Return the source: threads share the questions of a batch."""
        return replace(self)

    def _draw(self, numbers, generator):
        return self.table.draw(
            self.facts,
            numbers,
            generator,
            share=SHARE_HIDDEN,
            hide_pairs=self.hide_pairs,
        )
