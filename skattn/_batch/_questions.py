"""Questions with several answers, and batches of them for training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from skattn.ops import Facts, Questions

WINDOW = 12
"""Number of batches whose questions are sorted by relation together, so that a batch
has few relations: each needs tables of its own."""


@dataclass(frozen=True, eq=False)
class QuestionBatch:
    """Questions over some facts, with their known answers.

    Its length is the number of questions.
    """

    facts: Facts
    """Edges of the knowledge graph."""
    questions: Questions
    """Questions; in training, their hidden answers are the targets."""
    known_ptr: Tensor
    """(n_questions + 1,) int64: known answers of each question."""
    known: Tensor
    """(n_known,) int32: known answers, targets included."""

    def __len__(self) -> int:
        return len(self.questions)


@dataclass(frozen=True, eq=False)
class QuestionTable:
    """Distinct questions (source, relation) and all their answers, as CSR."""

    sources: Tensor
    """(n_questions,) int64."""
    relations: Tensor
    """(n_questions,) int64."""
    answer_ptr: Tensor
    """(n_questions + 1,) int64."""
    answers: Tensor
    """(n_answers,) int32, in increasing order for each question."""

    def __len__(self) -> int:
        return len(self.sources)

    @classmethod
    def of_facts(cls, facts: Facts) -> QuestionTable:
        """Make the questions that some facts and their inverses answer."""
        senders = torch.arange(facts.n_entities, device=facts.indptr.device)
        senders = senders.repeat_interleave(facts.indptr.diff())
        keys = senders * facts.n_relations + facts.relations
        order = torch.argsort(keys, stable=True)
        found, counts = torch.unique_consecutive(keys[order], return_counts=True)
        ptr = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
        sources, relations = found // facts.n_relations, found % facts.n_relations
        return cls(sources, relations, ptr, facts.receivers[order])

    def answers_of(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Return the pointers and the answers of some questions."""
        counts = self.answer_ptr.diff()[numbers]
        ptr = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
        shift = (self.answer_ptr[numbers] - ptr[:-1]).repeat_interleave(counts)
        return ptr, self.answers[torch.arange(len(shift), device=shift.device) + shift]

    def draw(
        self,
        facts: Facts,
        numbers: Tensor,
        generator: Generator | None,
        *,
        share: float,
        hide_pairs: bool,
    ) -> QuestionBatch:
        """Make a training batch of some questions.

        A random share of the answers of each question, at least one, becomes hidden;
        the others stay in the context.
        """
        ptr, known = self.answers_of(numbers)
        owners = torch.arange(len(numbers)).repeat_interleave(ptr.diff().cpu())
        draws = torch.rand(len(known), generator=generator)
        lowest = torch.ones(len(numbers)).scatter_reduce(0, owners, draws, "amin")
        chosen = (draws < share) | (draws == lowest[owners])
        counts = torch.zeros(len(numbers), dtype=torch.int64)
        counts.index_add_(0, owners, chosen.long())
        hidden_ptr = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
        questions = Questions(
            self.sources[numbers],
            self.relations[numbers],
            hidden_ptr.to(ptr.device),
            known[chosen.to(ptr.device)],
            hide_pairs=hide_pairs,
        )
        return QuestionBatch(facts, questions, ptr, known)

    def batches(
        self, size: int, generator: Generator | None, n_questions: int | None = None
    ) -> Iterator[Tensor]:
        """Yield the numbers of the questions of each batch of an epoch.

        Each batch has few relations; the generator shuffles, None does not. An epoch
        has `n_questions` of the questions, or all.
        """
        order = torch.arange(len(self))
        if generator is not None:
            order = torch.randperm(len(self), generator=generator)
        cuts = []
        for part in order[:n_questions].split(size * WINDOW):
            by_relation = torch.argsort(self.relations[part].cpu(), stable=True)
            cuts += part[by_relation].split(size)
        if generator is not None:
            shuffled = torch.randperm(len(cuts), generator=generator).tolist()
            cuts = [cuts[k] for k in shuffled]
        yield from cuts
