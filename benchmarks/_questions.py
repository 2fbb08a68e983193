"""Questions of two hops and conjunctions from the facts of a data set.

An answer follows from the facts of training and test, and not from those of training
and validation: it needs at least one test fact.
"""

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from skattn.graph import Question

N_BINS = 15


class Asked(NamedTuple):
    """A question, and its answers by name."""

    question: Question
    known: set
    """Answers by the facts of training and validation."""
    hard: set
    """Further answers by those of training and test."""
    every: set
    """Answers by all facts."""


class Facts:
    """Answers of questions by the facts (head, relation, tail) of some parts."""

    def __init__(self, *parts):
        self.answers = defaultdict(set)
        self.into = defaultdict(list)
        self.edges = []
        for head, relation, tail in np.concatenate(parts).tolist():
            for edge in ((head, relation, tail), (tail, f"^{relation}", head)):
                self.answers[edge[:2]].add(edge[2])
                self.into[edge[2]].append(edge[:2])
                self.edges.append(edge)

    def out_of(self, head):
        """Return the distinct relations of an entity."""
        return sorted({"^" + r if r[0] != "^" else r[1:] for _, r in self.into[head]})

    def two_hops(self, head, first, second):
        """Return the answers along two relations."""
        ends = self.answers.get((head, first), ())
        return set().union(*(self.answers.get((e, second), ()) for e in ends))

    def both(self, *questions):
        """Return the common answers of questions (head, relation)."""
        return set.intersection(*(self.answers.get(q, set()) for q in questions))


class Source:
    """Facts of the parts of a data set, of which questions are drawn.

    If `needs_test`, each question has an answer that needs a test fact; otherwise they
    follow training facts alone, whether there is such an answer or not.
    """

    def __init__(self, train, valid, test, rng, *, needs_test=True):
        self.known, self.every = Facts(train, valid), Facts(train, valid, test)
        self.asked = Facts(train, test) if needs_test else Facts(train)
        self.first = Facts(test) if needs_test else self.asked
        self.rng, self.needs_test = rng, needs_test

    def two_hops(self, n):
        """Draw `n` distinct questions of two hops."""
        found = {}
        while len(found) < n:
            head, relation, tail = self._draw(self.first.edges)
            if self.rng.random() < 0.5:
                key = head, relation, self._draw(self.asked.out_of(tail))
            else:
                key = (*self._draw(self.asked.into[head]), relation)
            sides = (self.known, self.asked, self.every)
            self._add(found, Question(*key), *(f.two_hops(*key) for f in sides))
        return list(found.values())

    def conjunctions(self, n):
        """Draw `n` distinct conjunctions of two questions."""
        found = {}
        while len(found) < n:
            head, relation, tail = self._draw(self.first.edges)
            pair = (head, relation), self._draw(self.asked.into[tail])
            if pair[0] != pair[1]:
                question = Question(*pair[0]) & Question(*pair[1])
                sides = (self.known, self.asked, self.every)
                self._add(found, question, *(f.both(*pair) for f in sides))
        return list(found.values())

    def one_hop(self):
        """Return all questions of one hop with an answer that is known."""
        return [
            Asked(Question(*key), known, set(), self.every.answers[key])
            for key, known in self.known.answers.items()
        ]

    def _draw(self, values):
        return values[self.rng.integers(len(values))]

    def _add(self, found, question, known, answers, every):
        if answers - known or not self.needs_test:
            found[question] = Asked(question, known, answers - known, every)


def reciprocal_rank(scores, asked, column_of):
    """Return the mean of 1 / rank of the hard answers; other true ones do not count."""
    others = np.ones(len(scores), bool)
    others[[column_of[name] for name in asked.every]] = False
    own = scores[[column_of[name] for name in asked.hard]][:, None]
    above = (scores[others] > own).sum(1)
    equal = (scores[others] == own).sum(1)
    return (1 / (1 + above + equal / 2)).mean()


def calibration_error(truth, is_true):
    """Return the expected calibration error, in bins of equal width."""
    bins = np.minimum((truth * N_BINS).astype(int), N_BINS - 1)
    error = 0.0
    for k in np.unique(bins):
        members = bins == k
        gap = abs(truth[members].mean() - is_true[members].mean())
        error += members.mean() * gap
    return error


def candidates(truth, asked, column_of, n_best=None):
    """Return the truth of new candidates, the best or all, and whether they hold."""
    new = np.ones(len(truth), bool)
    new[[column_of[name] for name in asked.known]] = False
    holds = np.zeros(len(truth), bool)
    holds[[column_of[name] for name in asked.every]] = True
    chosen = np.flatnonzero(new)
    chosen = chosen[np.argsort(-truth[chosen], kind="stable")[:n_best]]
    return truth[chosen], holds[chosen]


def plain_truth(reasoner, questions):
    """Compose by plain products of softmaxes: maximum over intermediate entities."""
    names = reasoner.classes_.tolist()
    sources = {(e, r) for q in questions for e, r in _first(q)}
    rows = dict.fromkeys(sources)
    for relation in {q.relations[-1] for q in questions if not q.parts}:
        rows |= {(name, relation): None for name in names}
    asked = reasoner._asked(list(rows))
    table = np.empty((len(asked.distinct), len(names)))
    for part, scores in reasoner._scores(asked):
        powers = np.exp(scores - scores.max(1, keepdims=True))
        table[part] = powers / powers.sum(1, keepdims=True)
    of = dict(zip(rows, table[asked.question_of], strict=True))
    for q in questions:
        if q.parts:
            yield np.prod([of[pair] for pair in _first(q)], axis=0)
        else:
            first, second = q.relations
            hops = np.array([of[name, second] for name in names])
            yield (of[q.start, first][:, None] * hops).max(0)


def _first(question):
    if question.parts:
        return [(part.start, part.relations[0]) for part in question.parts]
    return [(question.start, question.relations[0])]
