"""Encoding of labels: classes, indicators, standardised numbers."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from scipy.special import expit, softmax

from skattn._training import Loss

LabelKind = Literal["classes", "numbers"]
"""Kind of labels: classification or regression."""


@dataclass(frozen=True, eq=False)
class Classes:
    """Encoding of single-label classes."""

    classes: np.ndarray
    """(n_classes,), sorted."""
    label_kind: ClassVar[LabelKind] = "classes"
    criterion: ClassVar[Loss] = "cross_entropy"

    @property
    def n_outputs(self) -> int:
        """Width of the network's output."""
        return len(self.classes)

    def encode(self, y, known):
        """Encode labels as class numbers; unknown entries become 0."""
        if y.ndim != 1:
            raise ValueError(
                "y_val must have shape (n,), one class per row, as y has; got shape "
                f"{y.shape}."
            )
        unseen = set(y[known].tolist()) - set(self.classes.tolist())
        if unseen:
            raise ValueError(
                "y_val must hold classes of y only, got the unseen classes "
                f"{sorted(unseen, key=str)}. Leave those rows out of X_val, or add "
                "some to X."
            )
        codes = np.zeros(len(y), dtype=np.int64)
        codes[known] = np.searchsorted(self.classes, y[known])
        return codes

    def probability(self, output):
        """Convert the network's output to (n, n_classes) probabilities."""
        return softmax(output.astype(np.float64), axis=1)

    def predict(self, output):
        """Convert the network's output to classes."""
        return self.classes[output.argmax(1)]


@dataclass(frozen=True, eq=False)
class Indicators:
    """Encoding of multilabel indicators."""

    classes: np.ndarray
    """(n_labels,), the column numbers."""
    label_kind: ClassVar[LabelKind] = "classes"
    criterion: ClassVar[Loss] = "binary_cross_entropy"

    @property
    def n_outputs(self) -> int:
        """Width of the network's output."""
        return len(self.classes)

    def encode(self, y, known):
        """Encode indicators as 0.0 and 1.0; unknown entries become 0."""
        _check_columns(y, self.n_outputs)
        if not np.isin(y[known], (0, 1)).all():
            raise ValueError(
                "an indicator matrix must hold zeros and ones, got "
                f"{np.unique(y[known])[:5].tolist()}. Use (y > 0).astype(int), or set "
                "unlabeled= to the value that marks unknown entries."
            )
        return np.where(known, y, 0).astype(np.float32)

    def probability(self, output):
        """Convert the network's output to (n, n_labels) probabilities."""
        return expit(output.astype(np.float64))

    def predict(self, output):
        """Convert the network's output to an indicator matrix."""
        return (output > 0).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Numbers:
    """Encoding of numbers (regression): standardisation."""

    mean: np.ndarray
    """(n_outputs,), in the units of y."""
    scale: np.ndarray
    """(n_outputs,), standard deviations in the units of y; 1 for a constant."""
    is_1d: bool
    """Whether y is one-dimensional."""
    label_kind: ClassVar[LabelKind] = "numbers"
    criterion: ClassVar[Loss] = "squared_error"

    @property
    def n_outputs(self) -> int:
        """Width of the network's output."""
        return len(self.mean)

    def encode(self, y, known):
        """Standardise numbers, to shape (n, n_outputs); unknown entries become 0."""
        y, known = _columns(y), _columns(known)
        _check_columns(y, self.n_outputs)
        return np.where(known, (y - self.mean) / self.scale, 0).astype(np.float32)

    def predict(self, output):
        """Convert the network's output to the units of y."""
        y = output.astype(np.float64) * self.scale + self.mean
        return y[:, 0] if self.is_1d else y


def _columns(y):
    return y[:, None] if y.ndim == 1 else y


def _check_columns(y, n_outputs):
    if y.ndim != 2 or y.shape[1] != n_outputs:
        raise ValueError(
            f"y_val must have as many columns as y ({n_outputs}), got shape {y.shape}."
        )
