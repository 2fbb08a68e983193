"""Scorers: ranking metrics of fitted estimators, for cross-validation and searches."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.metrics._ranking import (
    average_precision_at_k,
    filtered_ranks,
    hits_at_k,
    mean_reciprocal_rank,
)

ROWS = 1024
"""Number of rows whose probabilities of many classes are held at once."""


def mean_reciprocal_rank_scorer(estimator: Any, X: Any, y: Any) -> float:
    """Score a fitted estimator by the mean reciprocal rank.

    Parameters
    ----------
    estimator : object
        A fitted classifier with ``classes_`` and ``predict_proba``. With two classes,
        the rows of the second one are ranked among those of the first (of a link
        predictor, links among non-links); with more, the class of each row is ranked
        among all classes. If it has a method ``ranks(X, y)``, that one computes the
        ranks.
    X : array-like of shape (n_rows, n_columns)
        Test rows.
    y : array-like of shape (n_rows,)
        Their classes. One that ``fit`` did not see has rank ``n_classes + 1``.

    Returns
    -------
    float
        The mean reciprocal rank.

    See Also
    --------
    skattn.metrics.mean_reciprocal_rank : The metric.
    """
    if _is_binary(estimator):
        return mean_reciprocal_rank(*_binary(estimator, X, y))
    return float((1 / _ranks(estimator, X, y)).mean())


def hits_at_k_scorer(estimator: Any, X: Any, y: Any, *, k: int = 10) -> float:
    """Score a fitted estimator by the share of ranks of at most k.

    Parameters
    ----------
    estimator : object
        As for :func:`mean_reciprocal_rank_scorer`.
    X : array-like of shape (n_rows, n_columns)
        Test rows.
    y : array-like of shape (n_rows,)
        Their classes.
    k : int, default=10
        Greatest rank that counts; for another one, ``partial(hits_at_k_scorer, k=100)``
        is a scorer.

    Returns
    -------
    float
        The share, between 0 and 1.

    See Also
    --------
    skattn.metrics.hits_at_k : The metric.
    """
    if _is_binary(estimator):
        return hits_at_k(*_binary(estimator, X, y), k=k)
    return float((_ranks(estimator, X, y) <= k).mean())


def average_precision_at_k_scorer(
    estimator: Any, X: Any, y: Any, *, k: int = 10
) -> float:
    """Score a fitted estimator by the average precision of the best k.

    Parameters
    ----------
    estimator : object
        As for :func:`mean_reciprocal_rank_scorer`.
    X : array-like of shape (n_rows, n_columns)
        Test rows.
    y : array-like of shape (n_rows,)
        Their classes.
    k : int, default=10
        Number of candidates that count.

    Returns
    -------
    float
        The mean average precision at k.

    See Also
    --------
    skattn.metrics.average_precision_at_k : The metric.
    """
    if _is_binary(estimator):
        return average_precision_at_k(*_binary(estimator, X, y), k=k)
    ranks = _ranks(estimator, X, y)
    counts = ranks <= min(k, len(estimator.classes_))  # not that of unknown classes
    return float(np.where(counts, 1 / ranks, 0).mean())


def _is_binary(estimator: Any) -> bool:
    """Return whether the rows of one class are ranked among those of the other."""
    return not hasattr(estimator, "ranks") and len(estimator.classes_) == 2


def _binary(estimator: Any, X: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return indicator and probability of the second of two classes, or of links."""
    classes = list(estimator.classes_)
    column = 1 - classes.index(_non_link(estimator, classes[0]))
    true = np.asarray(y) == classes[column]
    return true, estimator.predict_proba(X)[:, column]


def _non_link(estimator: Any, first: Any) -> Any:
    """Return the class of non-links of a link predictor; the first one for others."""
    while True:
        inner = getattr(estimator, "best_estimator_", None)
        if inner is None and hasattr(estimator, "steps"):
            inner = estimator.steps[-1][1]
        if inner is None:
            break
        estimator = inner
    non_link = getattr(estimator, "non_link", None)
    return first if non_link is None else non_link


def _ranks(estimator: Any, X: Any, y: Any) -> NDArray[np.float64]:
    """Compute the rank of each row's class, some rows at a time."""
    if hasattr(estimator, "ranks"):
        return np.asarray(estimator.ranks(X, y), np.float64)
    labels = estimator.classes_
    y = np.asarray(y)
    parts = [slice(start, start + ROWS) for start in range(0, len(y), ROWS)]
    cut = X.iloc if hasattr(X, "iloc") else X
    found = [
        filtered_ranks(y[part], estimator.predict_proba(cut[part]), labels=labels)
        for part in parts
    ]
    return np.concatenate(found)
