"""Methods that score the candidates of answers."""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skattn._batch._candidates import Candidates
from skattn.inspection._question import Floats, Question
from skattn.inspection._shapley import Coalitions

Method = Literal[
    "auto", "occlusion", "gradient", "integrated_gradients", "shapley", "rollout",
    "attention",
]  # fmt: skip
"""Names of the methods."""

MAX_COPIED_SIZE = 2_000_000
"""Nodes and edges of all copies of an answer up to which "auto" removes every
candidate."""
N_SCREENED = 64
"""Number of candidates that "auto" removes if there are more."""
N_STEPS, MAX_STEPS = 16, 128
"""Least and greatest number of steps of the integrated gradients."""
TOLERANCE = 0.01
"""Error of the sum of integrated gradients, relative to the change of the answer."""


class Scored(NamedTuple):
    """Scores of the candidates of one answer."""

    scores: Floats
    """(n_candidates,)."""
    exact: NDArray[np.bool_]
    """(n_candidates,) whether a score is that of the method, not an estimate."""
    without: float
    """The answer without any candidate; NaN if nothing was removed."""


def occlusion(question: Question) -> list[Scored]:
    """Remove each candidate alone: its score is the loss of the answer."""
    chosen = [np.arange(len(each)) for each in question.candidates]
    return _occluded(question, chosen)


def _occluded(question: Question, chosen: list[NDArray[np.int64]]) -> list[Scored]:
    found = []
    values = question.without_each(chosen)
    for each, numbers, value in zip(question.candidates, chosen, values, strict=True):
        scores, exact = np.zeros(len(each)), np.zeros(len(each), np.bool_)
        scores[numbers], exact[numbers] = value[0] - value[1:-1], True
        found.append(Scored(scores, exact, float(value[-1])))
    return found


def screened_occlusion(question: Question) -> list[Scored]:
    """Remove all candidates of small answers, of others those of largest gradient.

    And the edges of the answer's own node, as the gradient of the only known label
    among its senders is zero. Pairs have no gradients: the edges on the shortest paths
    between both nodes are removed, and the scores of the others are 0.
    """
    chosen = [np.arange(len(each)) for each in question.candidates]
    large = [
        number
        for number, each in enumerate(question.candidates)
        if len(each) > N_SCREENED
        and len(each) * each.size > MAX_COPIED_SIZE
        and question.removal.size_of_copies(each) > MAX_COPIED_SIZE
    ]
    removal = question.removal
    if removal.has_gradients:
        estimates = question.gradients(rows=np.array(large, np.int64), partial=True)
        for number, found in zip(large, estimates, strict=True):
            chosen[number] = _screened(question.candidates[number], found)
    else:
        estimates = [np.zeros(len(question.candidates[number])) for number in large]
        for number in large:
            chosen[number] = removal.nearest(question.candidates[number], N_SCREENED)
    scored = _occluded(question, chosen)
    for number, found in zip(large, estimates, strict=True):
        exact = scored[number].exact
        scores = np.where(exact, scored[number].scores, found)
        scored[number] = scored[number]._replace(scores=scores)
    return scored


def _screened(candidates: Candidates, gradient: Floats) -> NDArray[np.int64]:
    """Return the candidates of largest gradient, of all and of the answer's node."""
    order = np.argsort(-np.abs(gradient), kind="stable")
    chosen = order[:N_SCREENED]
    if candidates.of == "edges" and candidates.answer.target is not None:
        is_own = (candidates.ends[order] == candidates.answer.target).any(axis=1)
        chosen = np.union1d(chosen, order[is_own][:N_SCREENED])
    return np.sort(chosen)


def gradient(question: Question) -> list[Scored]:
    """Take the derivative of the answer by each candidate's gate."""
    return [exactly(scores) for scores in question.gradients()]


def integrated_gradients(question: Question) -> list[Scored]:
    """Average the gradients while all gates go from 0 to 1.

    Sundararajan et al. 2017, equation 3, by Gauss-Legendre quadrature in the square
    roots of the gates, as an answer often changes most where nearly all is removed. The
    number of steps is doubled for answers whose scores do not add up.
    """
    if question.of == "edges" and question.removal.uses_labels:
        raise ValueError(
            "method='integrated_gradients' needs answers that change smoothly until "
            "all edges are gone, which they do not with label_inputs=True. Use "
            "method='occlusion' or 'shapley'."
        )
    kept = [np.zeros((1, len(each)), np.bool_) for each in question.candidates]
    without = np.concatenate(question.values(kept))
    scores = [np.zeros(len(each)) for each in question.candidates]
    rows, n_steps = np.arange(len(scores)), N_STEPS
    while len(rows) and n_steps <= MAX_STEPS:
        for row, found in zip(rows, _integrals(question, rows, n_steps), strict=True):
            scores[row] = found
        total = np.array([each.sum() for each in scores])
        lost = question.full - without
        rows = rows[np.abs(total - lost)[rows] > TOLERANCE * np.abs(lost[rows])]
        n_steps *= 2
    return [
        exactly(each, float(value)) for each, value in zip(scores, without, strict=True)
    ]


def _integrals(
    question: Question, rows: NDArray[np.int64], n_steps: int
) -> list[Floats]:
    """Integrate the gradients of some answers over the level of all gates."""
    points, weights = np.polynomial.legendre.leggauss(n_steps)
    roots = (points + 1) / 2  # of the levels
    sums = [np.zeros(len(question.candidates[row])) for row in rows]
    for root, weight in zip(roots, weights * roots, strict=True):
        for total, found in zip(
            sums, question.gradients(float(root**2), rows), strict=True
        ):
            total += weight * found
    return sums


def shapley(
    question: Question, n_samples: int, rng: np.random.RandomState
) -> list[Scored]:
    """Fit an additive model to the answers of random coalitions (KernelSHAP)."""
    drawn = [Coalitions.draw(len(each), n_samples, rng) for each in question.candidates]
    values = question.values([coalitions.kept for coalitions in drawn])
    return [
        exactly(coalitions.shares(value), float(value[-1]))
        for coalitions, value in zip(drawn, values, strict=True)
    ]


def exactly(scores: Floats, without: float = np.nan) -> Scored:
    """Return scores none of which is an estimate."""
    return Scored(scores, np.ones(len(scores), np.bool_), without)


REMOVALS: dict[str, Callable[[Question], list[Scored]]] = {
    "auto": screened_occlusion,
    "occlusion": occlusion,
    "gradient": gradient,
    "integrated_gradients": integrated_gradients,
}
"""Methods without further arguments."""
