"""Readers of y: check its entries, find the known ones, learn the encoding."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skattn._compat_sklearn import _check_sample_weight, _num_samples
from skattn.estimators._class_weight import class_weigher
from skattn.estimators._label_encoding import Classes, Indicators, LabelKind, Numbers
from skattn.estimators._labelled_rows import LabelledRows
from skattn.graph._numbers import as_floats
from skattn.graph._unknown_labels import (
    check_mark,
    check_one_type,
    is_missing,
    read_labels,
)

MAX_NUMBER = 1e100
"""Maximum size of a number of y, and inverse of the minimum range of a column: squares
in the units of y are finite."""
MAX_WEIGHT = 1e30
"""Maximum of the largest weight, and inverse of its minimum: float32 can sum them."""


@dataclass(frozen=True, eq=False)
class LearnedLabels:
    """Label encoding and class weights, learned in fit."""

    encoding: Classes | Indicators | Numbers
    """Encoding of labels and decoding of outputs."""
    weigh: Callable[[np.ndarray, np.ndarray], np.ndarray]
    """Function of labels and their mask that returns the class weights (n_rows,)."""

    def rows(self, y, known, sample_weight):
        """Encode the labels of rows and compute their weights."""
        weight = self.weigh(y, known)
        if sample_weight is not None:
            weight = sample_weight * weight
        encoded = self.encoding.encode(y, known)
        return LabelledRows(y, known, encoded, sample_weight, weight)


@dataclass(frozen=True)
class ClassReader:
    """Reader of class labels and indicator matrices."""

    label_kind: ClassVar[LabelKind] = "classes"
    unlabeled: Any
    """Value of an unknown label; None if all are known."""
    class_weight: Any
    """Class weights as in scikit-learn."""

    @classmethod
    def of(cls, estimator):
        """Make the reader for the parameters of an estimator."""
        return cls(estimator.unlabeled, estimator.class_weight)

    def read(self, y):
        """Return class labels as an array, and the mask of known ones."""
        _check_passed(y)
        y, known = read_labels(y, self.unlabeled)
        if y.ndim == 2 and y.shape[1] == 1:
            y, known = column_or_1d(y, warn=True), known[:, 0]
        if not known.any():
            raise ValueError(
                f"y must hold labelled entries, got none among {len(y)} rows, with "
                f"unlabeled={self.unlabeled!r}. Label some rows."
            )
        check_one_type(y[known])
        with np.errstate(invalid="ignore"):  # infinity, which is refused
            check_classification_targets(_for_type_check(y, known))
        return y, known

    def learn(self, y, known, weight):
        """Learn classes and class weights from the result of :meth:`read`."""
        check_mark(y, known, self.unlabeled)
        encoding = self._encoding(y, known)
        if self.class_weight is None:
            return LearnedLabels(encoding, equal_weights)
        weigh = class_weigher(self.class_weight, encoding.classes, y, known)
        return LearnedLabels(encoding, weigh)

    def _encoding(self, y, known):
        kind = type_of_target(_for_type_check(y, known))
        if kind == "multilabel-indicator":
            _check_all_columns(known)
            return Indicators(np.arange(y.shape[1]))
        if y.ndim != 1:
            raise ValueError(
                "y must be classes of shape (n,) or an indicator matrix of zeros and "
                f"ones, got {kind} of shape {y.shape}. Fit one classifier per column."
            )
        classes = np.unique(y[known])
        if len(classes) < 2:
            marked = ""
            if self.unlabeled is not None:
                marked = f" besides unlabeled={self.unlabeled!r}"
            raise ValueError(
                f"y must hold at least two classes, got one class{marked}: "
                f"{classes.tolist()}. Add rows of another class; if the value of "
                "unlabeled= is a class, set unlabeled=None."
            )
        return Classes(classes)


@dataclass(frozen=True)
class NumberReader:
    """Reader of numbers, one or several per row."""

    label_kind: ClassVar[LabelKind] = "numbers"
    unlabeled: Any
    """Value of an unknown label, such as NaN; None if all are known."""

    @classmethod
    def of(cls, estimator):
        """Make the reader for the parameters of an estimator."""
        return cls(estimator.unlabeled)

    def read(self, y):
        """Return numbers as a float64 array, and the mask of known ones."""
        _check_passed(y)
        y, known = read_labels(y, self.unlabeled)
        if np.iscomplexobj(y):
            raise ValueError("Complex data not supported: y must be real numbers.")
        if y.dtype.kind in "mM":
            raise TypeError(
                f"y must hold numbers, got dates or durations ({y.dtype}). Convert "
                "them to numbers, such as days since a first date."
            )
        if isinstance(self.unlabeled, str):
            check_mark(y, known, self.unlabeled)
        try:
            y = _to_float(y, known)
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(
                f"y must be numbers, got dtype {y.dtype}: {error}. For classes use a "
                "classifier."
            ) from error
        known &= ~_is_mark(y, self.unlabeled)  # texts of numbers are numbers by now
        if y.ndim not in (1, 2) or not known.any():
            raise ValueError(
                "y must have shape (n,) or (n, n_outputs) and known entries, got shape "
                f"{y.shape}."
            )
        if not np.isfinite(y[known]).all():
            raise ValueError(
                "y must be finite: Input y contains NaN or infinity. Set "
                "unlabeled=float('nan') if NaN marks unknown entries, or leave those "
                "rows out."
            )
        _check_size(y, known)
        return y, known

    def learn(self, y, known, weight):
        """Learn mean and scale from the result of :meth:`read`."""
        is_1d = y.ndim == 1
        y, known = y.reshape(len(y), -1), known.reshape(len(y), -1)
        _check_all_columns(known)
        _check_range(y, known)
        weight = np.ones(len(y)) if weight is None else weight
        weight = np.where(known, weight[:, None], 0)
        total = np.maximum(weight.sum(0), np.finfo(float).tiny)
        mean = (weight * np.where(known, y, 0)).sum(0) / total
        scale = np.sqrt((weight * np.where(known, y - mean, 0) ** 2).sum(0) / total)
        encoding = Numbers(mean, np.where(scale > 0, scale, 1), is_1d)
        return LearnedLabels(encoding, equal_weights)


def check_length(y, n_rows, name, of):
    """Raise ValueError unless there is one label per row."""
    if len(y) != n_rows:
        raise ValueError(
            f"{name} must hold one label per row or target of {of} ({n_rows}), got "
            f"{len(y)}: inconsistent numbers of samples. Slice both alike: "
            "fit(X[train], y[train])."
        )


def check_like_predicted(y, predicted):
    """Raise ValueError unless y has the rows and columns of a prediction."""
    check_length(y, len(predicted), "y", "X")
    if y.shape != predicted.shape:
        raise ValueError(
            f"y must have the shape of predict(X), {predicted.shape}, got {y.shape}."
        )


def check_complete_rows(rows):
    """Raise ValueError if no row has all its labels."""
    if not rows.any():
        raise ValueError(
            f"y must hold a row whose labels are all known, got none among {len(rows)}."
        )


def check_weight(sample_weight, y):
    """Validate sample weights, None if not given."""
    if sample_weight is None:
        return None
    weight = as_floats(sample_weight, "sample_weight")
    weight = _check_sample_weight(
        weight if weight.ndim else float(weight),
        y,
        dtype=np.float64,
        ensure_non_negative=True,
    )
    largest = weight.max()
    if largest and not 1 / MAX_WEIGHT <= largest <= MAX_WEIGHT:
        raise ValueError(
            "sample_weight must be finite and its largest entry between "
            f"{1 / MAX_WEIGHT:g} and {MAX_WEIGHT:g}, got {largest:g}. Only ratios "
            "of weights count, so divide all of them by their mean."
        )
    return weight


def equal_weights(y, known):  # noqa: ARG001
    """Return class weights of 1."""
    return np.ones(len(y))


def _check_passed(y):
    if y is None:
        raise ValueError("fit requires y to be passed, but the target y is None.")
    _num_samples(y)


def _to_float(y, known):
    """Convert to float64; unknown entries that are no numbers become NaN."""
    if y.dtype.kind in "OUS":
        y = np.where(known, y.astype(object), np.nan)
    return y.astype(np.float64)


def _is_mark(y, unlabeled):
    """Return the mask of numbers that are the mark of unknown ones."""
    if unlabeled is None or isinstance(unlabeled, str):
        return np.zeros(y.shape, dtype=bool)
    return np.isnan(y) if is_missing(unlabeled) else y == unlabeled


def _for_type_check(y, known):
    """Prepare y for a check of its type: without unknown labels."""
    if y.ndim == 1:
        return y[known]
    return np.where(known, y, y[known][0])


def _check_size(y, known):
    """Raise ValueError if a number of y is too large for squares and predictions."""
    large = known & (np.abs(y) > MAX_NUMBER)
    if large.any():
        row = np.argwhere(large)[0, 0]
        raise ValueError(
            f"y must be within ±{MAX_NUMBER:g}, got {y[large][0]:g} in row {row}. "
            "Change the unit of y, or leave such rows out."
        )


def _check_range(y, known):
    """Raise ValueError if a column of y varies too little for float64 squares."""
    low = np.where(known, y, np.inf).min(0)
    high = np.where(known, y, -np.inf).max(0)
    narrow = (high > low) & (high - low < 1 / MAX_NUMBER)
    if narrow.any():
        column = int(np.argmax(narrow))
        raise ValueError(
            f"a column of y must be constant or vary by at least {1 / MAX_NUMBER:g}, "
            f"got {low[column]:g} to {high[column]:g} in column {column}. Change the "
            "unit of y."
        )


def _check_all_columns(known):
    """Raise ValueError if a column has no known entry."""
    empty = np.flatnonzero(~known.any(0))
    if len(empty):
        raise ValueError(
            f"every column of y must hold a known entry, got none in {empty.tolist()}. "
            "Leave these columns out."
        )
