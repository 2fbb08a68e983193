"""Filtered ranks of the answers of a reasoner."""

from dataclasses import dataclass

import numpy as np
import torch

from skattn.estimators._knowledge import (
    Asked,
    Factorization,
    Knowledge,
    scores_of,
)
from skattn.graph._triples import Codes, KnownAnswers, directed, with_inverses
from skattn.metrics import filtered_ranks


@dataclass(frozen=True, eq=False)
class FactRows:
    """Rows (source, relation, answer) to rank, and the answers that do not count."""

    rows: Codes
    """(n_rows, 3), of known entities; relations may be inverse."""
    asked: Asked
    """Their questions; a row that is a fact is hidden from its own question."""
    known: KnownAnswers
    """Known answers, those of the rows included."""

    @classmethod
    def of(cls, facts: Codes, knowledge: Knowledge) -> "FactRows":
        """Rank facts and their inverses."""
        rows = with_inverses(facts, knowledge.n_relations)
        return cls.of_rows(rows, knowledge, facts[:0])

    @classmethod
    def of_rows(cls, rows: Codes, knowledge: Knowledge, known: Codes) -> "FactRows":
        """Rank rows; `known` are further facts (n_facts, 3) that do not count."""
        n = knowledge.n_relations
        facts = directed(rows, n)
        is_fact = _are_among(facts, knowledge.triples)
        hidden = np.where(is_fact, rows[:, 2], -1)
        every = np.concatenate([knowledge.triples, facts, known])
        asked = Asked.of(rows[:, 0], rows[:, 1], hidden)
        return cls(rows, asked, KnownAnswers.of(every, n))

    def ranks(self, part: slice, scores: np.ndarray) -> tuple[Codes, np.ndarray]:
        """Return the rows of some questions, and their ranks by scores."""
        questions = self.asked.question_of
        chosen = np.flatnonzero((questions >= part.start) & (questions < part.stop))
        own = scores[questions[chosen] - part.start]
        answers = self.rows[chosen, 2]
        for row, scored in zip(chosen, own, strict=True):
            answer = self.rows[row, 2]
            score = scored[answer]
            scored[self.known(*self.rows[row, :2])] = -np.inf
            scored[answer] = score
        return chosen, filtered_ranks(answers, own) if len(own) else np.zeros(0)


def _are_among(rows: Codes, triples: Codes) -> np.ndarray:
    """Return which rows (n_rows, 3) are among sorted triples."""
    every = np.concatenate([triples, rows])
    _, numbers = np.unique(every, axis=0, return_inverse=True)
    numbers = numbers.reshape(-1)
    return np.isin(numbers[len(triples) :], numbers[: len(triples)])


def mixed_ranks(
    module, knowledge, other, rows: FactRows, weights, device: torch.device
) -> np.ndarray:
    """Compute the ranks for several weights of a factorization, (n_weights, n_rows)."""
    ranks = np.empty((len(weights), len(rows.rows)))
    of_paths = scores_of(module, knowledge, None, rows.asked, device)
    alone = Factorization(other, 1.0)
    of_other = scores_of(module, knowledge, alone, rows.asked, device)
    for (part, paths), (_, factors) in zip(of_paths, of_other, strict=True):
        for k, weight in enumerate(weights):
            mixed = (1 - weight) * paths + weight * factors
            chosen, found = rows.ranks(part, mixed)
            ranks[k, chosen] = found
    return ranks
