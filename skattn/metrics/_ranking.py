"""Ranking metrics with the mean rank of ties."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.metrics._candidates import BLOCK, Candidates


def filtered_ranks(
    y_true: Any, y_score: Any, *, labels: Any = None
) -> NDArray[np.float64]:
    """Compute the rank of every true candidate among the false ones.

    The rank is 1 plus the number of false candidates with a greater score, plus half
    the number with the same score. Other true candidates of the question do not count
    (the filtered setting of Bordes et al. 2013); give further candidates that are known
    to be true the score -inf.

    Parameters
    ----------
    y_true : array-like of shape (n_candidates,), (n_questions,) or (n_questions, \
n_candidates)
        An indicator of the shape of `y_score`, 1 where a candidate is true; or, if
        `y_score` has two dimensions, the true candidate of each question: its column,
        or its label if `labels` is given.
    y_score : array-like of shape (n_candidates,) or (n_questions, n_candidates)
        Scores, greater is better. One dimension is one question, such as all pairs of a
        test set.
    labels : array-like of shape (n_candidates,), optional
        Label of each column, such as ``classes_``. A label of `y_true` that is not
        among them has rank ``n_candidates + 1``.

    Returns
    -------
    ndarray of shape (n_true,)
        Ranks from 1, by question.

    Raises
    ------
    ValueError
        If shapes do not match or a score is NaN.

    Examples
    --------
    >>> from skattn.metrics import filtered_ranks
    >>> filtered_ranks([1, 0, 1, 0], [0.9, 0.8, 0.2, 0.2])
    array([1. , 2.5])
    >>> filtered_ranks([2, 0], [[0.1, 0.2, 0.7], [0.5, 0.6, 0.5]])
    array([1. , 2.5])
    """
    candidates = Candidates.of(y_true, y_score, labels)
    if candidates.column is not None:
        return _ranks_of_columns(candidates.scores, candidates.column)
    return np.concatenate([_ranks_of_row(*row) for row in candidates.rows()])


def mean_reciprocal_rank(y_true: Any, y_score: Any, *, labels: Any = None) -> float:
    """Compute the mean reciprocal rank of the true candidates.

    Parameters
    ----------
    y_true : array-like of shape (n_candidates,), (n_questions,) or (n_questions, \
n_candidates)
        As for :func:`filtered_ranks`.
    y_score : array-like of shape (n_candidates,) or (n_questions, n_candidates)
        Scores, greater is better.
    labels : array-like of shape (n_candidates,), optional
        Label of each column.

    Returns
    -------
    float
        Mean of 1 / rank, between 0 and 1; NaN if no candidate is true.

    Raises
    ------
    ValueError
        If shapes do not match or a score is NaN.

    See Also
    --------
    filtered_ranks : The ranks, and how ties count.

    Examples
    --------
    >>> from skattn.metrics import mean_reciprocal_rank
    >>> mean_reciprocal_rank([2, 1], [[0.1, 0.2, 0.7], [0.5, 0.4, 0.1]])
    0.75
    """
    ranks = filtered_ranks(y_true, y_score, labels=labels)
    return float((1 / ranks).mean()) if len(ranks) else float("nan")


def hits_at_k(y_true: Any, y_score: Any, *, k: int = 10, labels: Any = None) -> float:
    """Compute the share of true candidates with a rank of at most k.

    Parameters
    ----------
    y_true : array-like of shape (n_candidates,), (n_questions,) or (n_questions, \
n_candidates)
        As for :func:`filtered_ranks`.
    y_score : array-like of shape (n_candidates,) or (n_questions, n_candidates)
        Scores, greater is better.
    k : int, default=10
        Greatest rank that counts. With one question of all test pairs this is the
        Hits@k of the Open Graph Benchmark: the share of links that score above the k-th
        best non-link.
    labels : array-like of shape (n_candidates,), optional
        Label of each column.

    Returns
    -------
    float
        Share between 0 and 1; NaN if no candidate is true.

    Raises
    ------
    ValueError
        If shapes do not match, a score is NaN, or `k` is below 1.

    See Also
    --------
    filtered_ranks : The ranks, and how ties count.

    Examples
    --------
    >>> from skattn.metrics import hits_at_k
    >>> hits_at_k([1, 1, 0, 0], [0.9, 0.3, 0.5, 0.4], k=2)
    0.5
    """
    _check_k(k)
    ranks = filtered_ranks(y_true, y_score, labels=labels)
    return float((ranks <= k).mean()) if len(ranks) else float("nan")


def average_precision_at_k(
    y_true: Any, y_score: Any, *, k: int = 10, labels: Any = None
) -> float:
    """Compute the mean over questions of the average precision of the best k.

    The average precision of a question is the sum, over its true candidates among the
    best k, of the precision at their rank, divided by the number of its true
    candidates, at most k. Tied candidates have the mean of their ranks.

    Parameters
    ----------
    y_true : array-like of shape (n_candidates,), (n_questions,) or (n_questions, \
n_candidates)
        As for :func:`filtered_ranks`.
    y_score : array-like of shape (n_candidates,) or (n_questions, n_candidates)
        Scores, greater is better.
    k : int, default=10
        Number of candidates, such as the length of a list of recommendations.
    labels : array-like of shape (n_candidates,), optional
        Label of each column. The average precision of a question whose label is not
        among them is 0.

    Returns
    -------
    float
        Between 0 and 1; NaN if no candidate is true. Questions without a true candidate
        are left out.

    Raises
    ------
    ValueError
        If shapes do not match, a score is NaN, or `k` is below 1.

    See Also
    --------
    filtered_ranks : The ranks, and how ties count.

    Examples
    --------
    >>> from skattn.metrics import average_precision_at_k
    >>> average_precision_at_k([[1, 0, 1], [0, 0, 1]], [[3, 2, 1], [3, 2, 1]], k=2)
    0.25
    """
    _check_k(k)
    candidates = Candidates.of(y_true, y_score, labels)
    if candidates.column is not None:  # one true candidate: 1 / rank among the best k
        ranks = _ranks_of_columns(candidates.scores, candidates.column)
        counts = (ranks <= k) & (candidates.column >= 0)
        return float(np.where(counts, 1 / ranks, 0).mean())
    found = [_average_precision(*row, k) for row in candidates.rows() if row[1].any()]
    return float(np.mean(found)) if found else float("nan")


def _check_k(k: int) -> None:
    if k < 1 or k != int(k):
        raise ValueError(f"k must be an integer of at least 1, got {k!r}.")


def _ranks_of_columns(
    scores: NDArray[Any], column: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Rank one true candidate per question, a block of questions at a time."""
    n_rows, n_columns = scores.shape
    ranks = np.full(n_rows, n_columns + 1.0)
    step = max(1, BLOCK // n_columns)
    for start in range(0, n_rows, step):
        rows = np.arange(start, min(start + step, n_rows))
        rows = rows[column[rows] >= 0]
        block, own = scores[rows], scores[rows, column[rows]][:, None]
        equal = (block == own).sum(1) - 1  # without itself
        ranks[rows] = 1 + (block > own).sum(1) + equal / 2
    return ranks


def _ranks_of_row(scores: NDArray[Any], true: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Rank the true candidates of a question among the false ones."""
    others = np.sort(scores[~true])
    above = len(others) - np.searchsorted(others, scores[true], "right")
    below = np.searchsorted(others, scores[true], "left")
    return 1 + above + (len(others) - above - below) / 2


def _average_precision(scores: NDArray[Any], true: NDArray[np.bool_], k: int) -> float:
    """Compute the average precision of the best k of a question."""
    of_all = _mean_ranks(scores)[true]
    of_true = _mean_ranks(scores[true])
    return float((of_true / of_all)[of_all <= k].sum() / min(k, int(true.sum())))


def _mean_ranks(scores: NDArray[Any]) -> NDArray[np.float64]:
    """Rank scores from the greatest, from 1; ties get their mean rank."""
    _, group, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(sizes[::-1])[::-1]  # rank of the last of each group
    mean: NDArray[np.float64] = (last - (sizes - 1) / 2)[group]
    return mean
