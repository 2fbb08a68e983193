"""Truth of the answers of questions of several hops and of conjunctions."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from skattn.estimators._knowledge import Knowledge
from skattn.graph import Question
from skattn.graph._triples import Codes

MAX_SENDERS = 256
"""Maximum number of intermediate entities of a hop: the ones with the greatest
truth."""
_LEAST = 1e-4
"""Truth of an intermediate entity below which it is left out."""
_NUMBERS = 1 << 25
"""Number of truths that are kept."""

Truths = np.ndarray[Any, np.dtype[np.float64]]
Atom = tuple[int, int, int]
"""Fact (source, relation, answer) by number, known or not; relations may be inverse."""


class QuestionTruth:
    """Truth of all entities as answers of questions, by fuzzy logic.

    The truth of an answer of several hops is the greatest product of the truths of
    facts along a way to it, that of a conjunction the product of those of its parts.

    Parameters
    ----------
    knowledge : Knowledge
        Facts.
    truth_of_rows : callable
        Function of sources and relations, arrays of shape (n_rows,), that returns the
        truth of all entities as answers, (n_rows, n_entities).
    """

    def __init__(
        self, knowledge: Knowledge, truth_of_rows: Callable[[Codes, Codes], np.ndarray]
    ) -> None:
        self._knowledge = knowledge
        self._truth_of_rows = truth_of_rows
        self._kept: dict[tuple[int, int], np.ndarray] = {}

    def prepare(self, questions: Iterable[Question]) -> None:
        """Compute the truths of first hops together, as many as can be kept."""
        most = _NUMBERS // max(self._knowledge.n_entities, 1)
        pairs = {pair for question in questions for pair in _first_hops(question)}
        self._rows(sorted(pairs)[:most])

    def __call__(self, question: Question) -> Truths:
        """Compute the truth of all entities as answers of an encoded question."""
        found = self._start(question)
        for relation in question.relations:
            senders = _senders(found)
            rows = self._rows([(int(s), relation) for s in senders])
            products = found[senders, None] * rows
            found = products.max(0, initial=0.0)
        return found

    def is_known(self, question: Question) -> np.ndarray:
        """Return which entities are answers by the known facts alone."""
        known = self._knowledge.known
        if question.parts:
            found = np.logical_and.reduce([self.is_known(p) for p in question.parts])
        else:
            found = np.zeros(self._knowledge.n_entities, bool)
            found[question.start] = True
        for relation in question.relations:
            answers = [known(s, relation) for s in np.flatnonzero(found).tolist()]
            found = np.zeros_like(found)
            found[np.concatenate([np.zeros(0, np.int64), *answers])] = True
        return found

    def ways(self, question: Question, answer: int, n: int) -> list[list[Atom]]:
        """Return the `n` ways to an answer with the greatest truth, best first.

        A way is a list of facts (source, relation, answer), known or not, from the
        start to the answer; those of a conjunction are the facts of all parts.
        """
        return [facts for _, facts in self._ways(question, answer, n)]

    def _ways(self, question, answer, n):
        if question.relations:
            return self._last_hops(question, answer, n)
        if not question.parts:
            return [(1.0, [])]
        found: list[tuple[float, list[Atom]]] = [(1.0, [])]
        for part in question.parts:
            found = _best(
                [
                    (a * b, [*left, *right])
                    for a, left in found
                    for b, right in self._ways(part, answer, n)
                ],
                n,
            )
        return found

    def _last_hops(self, question, answer, n):
        *before, relation = question.relations
        shorter = Question(question.start, *before)
        truth = self(shorter)
        senders = _senders(truth)
        rows = self._rows([(int(s), relation) for s in senders])
        last = rows[:, answer]
        order = np.argsort(-truth[senders] * last, kind="stable")[:n]
        found = [
            (value * float(last[k]), [*facts, (int(senders[k]), relation, answer)])
            for k in order.tolist()
            for value, facts in self._ways(shorter, int(senders[k]), n)
        ]
        return _best(found, n)

    def _start(self, question: Question) -> Truths:
        if question.parts:
            return np.prod([self(part) for part in question.parts], axis=0)
        found = np.zeros(self._knowledge.n_entities)
        found[question.start] = 1.0
        return found

    def _rows(self, pairs: list[tuple[int, int]]) -> np.ndarray:
        """Return the truths of questions (source, relation), (n_pairs, n_entities)."""
        n_entities = self._knowledge.n_entities
        new = [pair for pair in pairs if pair not in self._kept]
        if new:
            if (len(self._kept) + len(new)) * n_entities > _NUMBERS:
                self._kept.clear()
                new = pairs
            sources, relations = np.array(new, np.int64).T
            rows = self._truth_of_rows(sources, relations)
            self._kept.update(zip(new, rows, strict=True))
        return np.array([self._kept[pair] for pair in pairs]).reshape(-1, n_entities)


def is_one_hop(question: Question) -> bool:
    """Return whether a question is one of a head and a relation."""
    return not question.parts and len(question.relations) == 1


def shares(truth: Truths, is_known: np.ndarray) -> Truths:
    """Return truths of new answers, scaled to the sum 1; known ones have 0.

    If all are known, they count as new; if no truth is left, all new ones are equal.
    """
    new = ~is_known if not is_known.all() else np.ones_like(is_known)
    found = np.where(new, truth, 0.0)
    total = found.sum()
    return found / total if total else new / new.sum()


def _first_hops(question: Question) -> list[tuple[int, int]]:
    """Return the questions (source, relation) of the first hops of all parts."""
    if question.parts:
        return [pair for part in question.parts for pair in _first_hops(part)]
    return [(question.start, question.relations[0])]


def _senders(truth: Truths) -> Codes:
    """Return the entities with the greatest truth from which a hop starts."""
    order = np.argsort(-truth, kind="stable")[:MAX_SENDERS]
    return order[truth[order] >= _LEAST]


def _best(ways, n):
    """Return the `n` ways with the greatest truth."""
    return sorted(ways, key=lambda way: -way[0])[:n]
