"""Candidates of ranking questions: checked truth and scores."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 4_000_000
"""Number of scores that are compared at once."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """Scores of the candidates of each question, and which of them are true."""

    scores: NDArray[Any]
    """(n_questions, n_candidates), without NaN."""
    true: NDArray[np.bool_] | None
    """(n_questions, n_candidates); None if there is one true candidate each."""
    column: NDArray[np.int64] | None
    """(n_questions,) the true candidate of each question, -1 if it is not among the
    candidates; None if there can be several."""

    @classmethod
    def of(cls, y_true: Any, y_score: Any, labels: Any = None) -> "Candidates":
        """Check the arguments of a metric.

        Raises
        ------
        ValueError
            If shapes do not match, a score is NaN, or `y_true` is not of one of the
            three forms that metrics take.
        """
        y_true, scores = np.asarray(y_true), np.asarray(y_score)
        if scores.dtype.kind not in "fiub":
            raise ValueError(f"y_score must hold numbers, got dtype {scores.dtype}.")
        if scores.ndim not in (1, 2) or not scores.size:
            raise ValueError(
                "y_score must have shape (n_candidates,) or (n_questions, "
                f"n_candidates) and not be empty, got {scores.shape}."
            )
        if np.isnan(scores).any():
            raise ValueError("y_score must not contain NaN; -inf is allowed.")
        if y_true.shape == scores.shape:
            rows = (1, -1) if scores.ndim == 1 else scores.shape
            return cls(scores.reshape(rows), _indicator(y_true).reshape(rows), None)
        if scores.ndim == 2 and y_true.shape == scores.shape[:1]:
            return cls(scores, None, _columns(y_true, scores.shape[1], labels))
        raise ValueError(
            "y_true must have the shape of y_score (an indicator), or one entry per "
            f"row of it (the true candidate), got {y_true.shape} and {scores.shape}."
        )

    def rows(self) -> Iterator[tuple[NDArray[Any], NDArray[np.bool_]]]:
        """Yield the (scores, indicator) of each question."""
        for i, scores in enumerate(self.scores):
            if self.true is not None:
                yield scores, self.true[i]
                continue
            assert self.column is not None
            true = np.zeros(len(scores), bool)
            true[self.column[i : i + 1]] = self.column[i] >= 0
            yield scores, true


def _indicator(y_true: NDArray[Any]) -> NDArray[np.bool_]:
    """Return an indicator as booleans; raise ValueError for other values than 0, 1."""
    if y_true.dtype.kind not in "biuf" or not np.isin(y_true, (0, 1)).all():
        raise ValueError(
            "y_true of the shape of y_score must hold 0 (false) and 1 (true) only."
        )
    return y_true.astype(bool)


def _columns(y_true: NDArray[Any], n: int, labels: Any) -> NDArray[np.int64]:
    """Return the column of each true candidate, -1 for a label without a column."""
    if labels is not None:
        labels = np.asarray(labels)
        if labels.shape != (n,):
            raise ValueError(
                f"labels must have one entry per column of y_score, {n}, got "
                f"{labels.shape}."
            )
        column_of = {label: column for column, label in enumerate(labels.tolist())}
        return np.array([column_of.get(y, -1) for y in y_true.tolist()], np.int64)
    if y_true.dtype.kind not in "iu" or not ((y_true >= 0) & (y_true < n)).all():
        raise ValueError(
            f"y_true must hold columns of y_score, integers from 0 to {n - 1}. Pass "
            "labels=, the label of each column (such as classes_), for other values."
        )
    return y_true.astype(np.int64)
