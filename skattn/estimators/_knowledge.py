"""Facts of a fitted reasoner, and the scores of all entities as answers."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from skattn.graph._triples import Codes, KnownAnswers, Vocabulary
from skattn.nn import ComplEx, PathReasoner
from skattn.ops import Facts, Questions

_NUMBERS = 1 << 22
"""Scores that are computed at once."""
_MOST = 256
"""Questions of which scores are computed at once."""


@dataclass(frozen=True, eq=False)
class Knowledge:
    """Facts by number, and the names of entities and relations."""

    vocabulary: Vocabulary
    """Names."""
    triples: np.ndarray[Any, np.dtype[np.int64]]
    """(n_facts, 3): distinct facts (head, relation, tail) without inverses."""

    @property
    def n_entities(self):
        """Number of entities."""
        return len(self.vocabulary.entities)

    @property
    def n_relations(self):
        """Number of relations, without inverses."""
        return len(self.vocabulary.relations)

    @cached_property
    def facts(self) -> Facts:
        """Edges, inverses included, on the CPU."""
        columns = torch.from_numpy(self.triples).T.contiguous()
        return Facts.from_triples(*columns, sizes=(self.n_entities, self.n_relations))

    @cached_property
    def known(self) -> KnownAnswers:
        """Answers of every question."""
        return KnownAnswers.of(self.triples, self.n_relations)

    def __getstate__(self):
        """Return the fields only."""
        return {"vocabulary": self.vocabulary, "triples": self.triples}


@dataclass(frozen=True, eq=False)
class Factorization:
    """A fitted ComplEx model, and its weight beside paths."""

    module: ComplEx
    weight: float
    """Weight of its log-probabilities, between 0 (paths alone) and 1."""

    def __getstate__(self):
        """Return the fields, on the CPU."""
        return {"module": deepcopy(self.module).cpu(), "weight": self.weight}


@dataclass(frozen=True, eq=False)
class Asked:
    """Rows of questions, grouped by distinct question."""

    distinct: Codes
    """(n_questions, 3): source, relation, and the hidden answer or -1, by relation."""
    question_of: Codes
    """(n_rows,): question of each row."""

    @classmethod
    def of(cls, sources, relations, hidden) -> "Asked":
        """Group rows by question; `hidden` is the answer to hide from each, or -1."""
        rows = np.column_stack([relations, sources, hidden]).astype(np.int64)
        distinct, question_of = np.unique(rows, axis=0, return_inverse=True)
        return cls(distinct[:, [1, 0, 2]], question_of.reshape(-1))


def scores_of(
    module: PathReasoner,
    knowledge: Knowledge,
    factorization: Factorization | None,
    asked: Asked,
    device: torch.device,
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield slices of the questions and the scores of all entities as their answers.

    They are log-probabilities, with a factorization up to a constant, float32
    (n_questions, n_entities).
    """
    facts = to_device(knowledge.facts, device)
    step = int(np.clip(_NUMBERS // max(knowledge.n_entities, 1), 1, _MOST))
    module.eval()
    for low in range(0, len(asked.distinct), step):
        part = slice(low, low + step)
        questions = questions_of(asked.distinct[part], device)
        with torch.no_grad():
            scores = module(facts, questions).dense().log_softmax(1)
            if factorization is not None:
                other = factorization.module.to(device)
                other = other(questions.sources, questions.relations)
                seen = questions.hidden_ptr.diff() > 0  # it has learned hidden facts
                weight = torch.where(seen, 0.0, factorization.weight)[:, None]
                scores = (1 - weight) * scores + weight * other.log_softmax(1)
        yield part, scores.cpu().numpy()


def questions_of(rows: Codes, device: torch.device) -> Questions:
    """Return questions (source, relation, hidden answer or -1) as tensors."""
    sources, relations, hidden = torch.from_numpy(rows).T.contiguous().to(device)
    ptr = torch.cat([sources.new_zeros(1), (hidden >= 0).long().cumsum(0)])
    return Questions(sources, relations, ptr, hidden[hidden >= 0].to(torch.int32))


def to_device(facts: Facts, device: torch.device) -> Facts:
    """Copy facts to a device; tensors already there are shared."""
    return Facts(*(tensor.to(device) for tensor in vars(facts).values()))
