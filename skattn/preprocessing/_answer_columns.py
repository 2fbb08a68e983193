"""Conversion of answers to columns of numbers."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skattn.graph._numbers import as_floats
from skattn.graph._unknown_labels import check_mark, read_labels

AnswerKind = Literal["auto", "classes", "numbers"]

MOST_CLASSES = 100
"""Number of distinct whole numbers up to which "auto" makes classes of them."""


class Answers(NamedTuple):
    """Answers of rows, read from y."""

    values: NDArray[Any]
    """(n_rows, n_outputs), as given."""
    known: NDArray[np.bool_]
    """(n_rows, n_outputs): whether an answer is known."""
    is_1d: bool
    """Whether y is one-dimensional."""

    @classmethod
    def of(cls, y: Any, n_rows: int, unlabeled: Any) -> "Answers":
        """Read y; raise ValueError unless it has known answers, one per row."""
        values, known = read_labels(y, unlabeled)
        if values.ndim not in (1, 2) or len(values) != n_rows:
            raise ValueError(
                f"y must hold one label per row or target of X ({n_rows}), got shape "
                f"{values.shape}. Slice both alike: fit(G[train], y[train])."
            )
        check_mark(values, known, unlabeled)
        if not known.any():
            raise ValueError(
                f"y must hold known answers, got none among {n_rows} rows. Set "
                "answers=None to use features alone."
            )
        is_1d = values.ndim == 1 or values.shape[1] == 1
        return cls(values.reshape(n_rows, -1), known.reshape(n_rows, -1), is_1d)


@dataclass(frozen=True, eq=False)
class AnswerColumns:
    """Answers of rows as columns of numbers."""

    values: NDArray[np.float64]
    """(n_rows, n_columns), 0 where unknown."""
    known: NDArray[np.float64]
    """(n_rows, n_columns), 1 where known, else 0."""
    labels: tuple[str, ...]
    """(n_columns,) ends of the columns' names."""
    are_classes: bool
    """Whether the columns are indicators of the classes of one output."""

    @classmethod
    def of(cls, answers: Answers, kind: AnswerKind) -> "AnswerColumns":
        """Convert answers to indicators of classes, or to floats.

        Two classes make one column, of the second.
        """
        if kind == "classes" or (kind == "auto" and _look_like_classes(answers)):
            return cls._of_classes(answers)
        values = np.zeros(answers.known.shape)
        values[answers.known] = as_floats(answers.values[answers.known], "y")
        if not np.isfinite(values).all():
            raise ValueError(
                "y must be finite, got infinity. Leave those rows out, or set "
                "answers=None."
            )
        n_outputs = answers.values.shape[1]
        labels = ("",) if answers.is_1d else tuple(f"({k})" for k in range(n_outputs))
        known = answers.known.astype(np.float64)
        return cls(values, known, labels, are_classes=False)

    @classmethod
    def _of_classes(cls, answers: Answers) -> "AnswerColumns":
        if not answers.is_1d:
            raise ValueError(
                'answers="classes" needs y with one class per row, got shape '
                f'{answers.values.shape}. Use answers="numbers" for indicators.'
            )
        values, known = answers.values[:, 0], answers.known[:, 0]
        try:
            classes = np.unique(values[known])
        except TypeError as error:
            raise ValueError(
                "y must hold labels of one type, got texts and other values. Convert "
                "them, such as [str(label) for label in y]."
            ) from error
        shown = classes[1:] if len(classes) == 2 else classes
        indicators = (values[:, None] == shown) & known[:, None]
        return cls(
            indicators.astype(np.float64),
            np.repeat(known[:, None], len(shown), axis=1).astype(np.float64),
            tuple(f"({label})" for label in shown.tolist()),
            are_classes=True,
        )


def _look_like_classes(answers: Answers) -> bool:
    """Return whether y is one output of texts, booleans or few whole numbers."""
    if not answers.is_1d:
        return False
    values = answers.values[answers.known]
    if values.dtype.kind not in "iuf":
        return True
    distinct = np.unique(values)
    whole = bool(np.isfinite(distinct).all() and (distinct == np.round(distinct)).all())
    return whole and len(distinct) <= MOST_CLASSES
