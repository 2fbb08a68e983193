"""Fidelity of explanations: changes of answers without and with few candidates."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import spearmanr
from sklearn.utils import check_random_state

from skattn._compat_sklearn import _num_samples
from skattn._training import default_modes
from skattn.graph._data_objects import type_name
from skattn.inspection._explanation import Explanation
from skattn.inspection._question import Question, ask

N_RANDOM = 20
"""Number of random orders, whose mean is the random line."""


@default_modes()
def fidelity(
    estimator,
    X,
    explanation,
    *,
    k=(1, 2, 5, 10, 20),
    adjacency=None,
    random_state=0,
):
    """Measure how answers change without, and with only, the best candidates.

    Beside each figure is that of as many random candidates: a change that random ones
    make as well says nothing about the explanation (Amara et al. 2022, section 4).

    Parameters
    ----------
    estimator : estimator of skattn, Pipeline or search
        As for :func:`explain`.
    X : Graph, list of Graph, sequences, or table of shape (n_rows, n_features)
        The input that was explained.
    explanation : Explanation
        Its explanation.
    k : tuple of int, default=(1, 2, 5, 10, 20)
        Numbers of candidates; all of them where there are fewer.
    adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
        Adjacency, as for ``estimator.predict``.
    random_state : int, RandomState instance or None, default=0
        Source of the random candidates.

    Returns
    -------
    dict of str to ndarray of shape (n_answers, len(k))
        For classifiers, decreases of the probability of the explained class; for others
        absolute changes of the answer, in the units of y or of the embedding:

        * ``"necessary"`` (fidelity+): the change when the k candidates with the largest
          absolute scores are removed;
        * ``"sufficient"`` (fidelity-): the change when all other candidates are
          removed;
        * ``"characterization"``: harmonic mean of the first and of 1 minus the second
          (classifiers alone);
        * each with ``"_random"``: of random candidates, the mean of 20 draws.

    Raises
    ------
    TypeError
        If `explanation` is not an Explanation.
    ValueError
        If the explanation is not about X, or `k` is not a sequence of whole numbers of
        at least 0.

    See Also
    --------
    explain : Explain the answers.
    agreement : Rank correlation of two explanations.

    Examples
    --------
    >>> from skattn import GraphAttentionClassifier
    >>> from skattn.datasets import load_karate_club
    >>> from skattn.inspection import explain, fidelity
    >>> club = load_karate_club()
    >>> clf = GraphAttentionClassifier(max_epochs=5, random_state=0)
    >>> clf = clf.fit(club.graph, club.target)
    >>> found = fidelity(
    ...     clf, club.graph[[16]], explain(clf, club.graph[[16]]), k=(1, 2)
    ... )
    >>> sorted(found)[:2], found["necessary"].shape
    (['characterization', 'characterization_random'], (1, 2))
    """
    _check_explanation(explanation, "explanation")
    k = _counts(k)
    _check_number(len(explanation), _num_samples(X), "answers")
    question = ask(
        estimator,
        X,
        classes=explanation.classes,
        of=explanation.of,
        row=explanation._row,
        adjacency=adjacency,
    )
    for evidence, candidates in zip(
        explanation._evidence, question.candidates, strict=True
    ):
        _check_number(len(evidence.scores), len(candidates), "candidates")
    rng = check_random_state(random_state)
    orders = [evidence.order(None) for evidence in explanation._evidence]
    shown = _changes(question, orders, k)
    draws = [
        _changes(question, [rng.permutation(len(order)) for order in orders], k)
        for _ in range(N_RANDOM)
    ]
    chance = {name: np.mean([draw[name] for draw in draws], axis=0) for name in shown}
    return shown | {f"{name}_random": values for name, values in chance.items()}


def agreement(a, b):
    """Compute the rank correlation of two explanations of the same answers.

    Parameters
    ----------
    a, b : Explanation
        Explanations of the same rows and kind, by other methods or estimators.

    Returns
    -------
    ndarray of shape (n_answers,)
        Spearman's correlation of the scores of each answer; NaN where all scores of one
        are equal.

    Raises
    ------
    TypeError
        If one is not an Explanation.
    ValueError
        If the explanations are not about the same candidates.

    See Also
    --------
    fidelity : Measure one explanation against the estimator.

    Examples
    --------
    >>> from skattn import GraphAttentionClassifier
    >>> from skattn.datasets import load_karate_club
    >>> from skattn.inspection import agreement, explain
    >>> club = load_karate_club()
    >>> clf = GraphAttentionClassifier(max_epochs=5, random_state=0)
    >>> clf = clf.fit(club.graph, club.target)
    >>> removed = explain(clf, club.graph[[16]])
    >>> looked_at = explain(clf, club.graph[[16]], method="attention")
    >>> agreement(removed, removed).round(2), agreement(removed, looked_at).shape
    (array([1.]), (1,))
    """
    _check_explanation(a, "a")
    _check_explanation(b, "b")
    pairs = list(zip(a._evidence, b._evidence, strict=False))
    same = a.of == b.of and len(a) == len(b)
    if not same or not all(np.array_equal(x.ends, y.ends) for x, y in pairs):
        raise ValueError(
            f"agreement needs explanations of the same answers, got {len(a)} of "
            f"{a.of} and {len(b)} of {b.of}, with other candidates. Use the same X and "
            "of= for both."
        )
    return np.array([_rank_correlation(x.scores, y.scores) for x, y in pairs])


def _rank_correlation(a: NDArray[Any], b: NDArray[Any]) -> float:
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return np.nan
    return float(spearmanr(a, b).statistic)


def _check_explanation(value: Any, name: str) -> None:
    if not isinstance(value, Explanation):
        raise TypeError(
            f"{name} must be an Explanation, as explain returns it, got "
            f"{type_name(value)}."
        )


def _counts(k: Any) -> NDArray[np.int64]:
    """Return the numbers of candidates, (n_counts,)."""
    numbers = np.asarray(k)
    is_list = numbers.ndim == 1 and numbers.size > 0
    if not is_list or numbers.dtype.kind not in "iu" or numbers.min() < 0:
        raise ValueError(
            "k must be a list of whole numbers of candidates, such as (1, 2, 5), got "
            f"{k!r:.80}."
        )
    return numbers.astype(np.int64)


def _check_number(explained: int, found: int, noun: str) -> None:
    if explained != found:
        raise ValueError(
            f"explanation must be that of X, but it has {explained} {noun} and X has "
            f"{found}. Pass the same X to explain and to fidelity."
        )


def _changes(
    question: Question, orders: list[NDArray[np.int64]], k: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    """Compute the changes of all answers by candidates in some order."""
    kept = []
    for order in orders:
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        without = rank >= k[:, None]
        kept.append(np.concatenate([without, ~without]))
    values = question.values(kept)
    is_class = question.answers.unit == "log odds"
    shown = [expit(value) if is_class else value for value in values]
    full = expit(question.full) if is_class else question.full
    lost = np.stack([each - value for each, value in zip(full, shown, strict=True)])
    if not is_class:
        lost = np.abs(lost)
    necessary, sufficient = np.split(lost, 2, axis=1)
    found = {"necessary": necessary, "sufficient": sufficient}
    if is_class:
        found["characterization"] = _harmonic_mean(necessary, 1 - sufficient)
    return found


def _harmonic_mean(
    a: NDArray[np.float64], b: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return 2 a b / (a + b), 0 where one is not positive."""
    positive = (a > 0) & (b > 0)
    both = np.where(positive, a * b, 0.0)
    return 2 * both / np.where(positive, a + b, 1.0)
