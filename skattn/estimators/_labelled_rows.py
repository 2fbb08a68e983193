"""Labelled rows with weights, and the choice of validation rows."""

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.model_selection import train_test_split

from skattn._training import Labels

HELD_OUT = 0.1
"""Default fraction of the labelled rows that are held out."""
MIN_ROWS = 2000
"""Minimum number of labelled rows with which "auto" holds some out; see "How the
defaults were chosen" in benchmarks/README.md."""
MIN_ROWS_PER_CLASS = 10
"""Minimum number of rows of every class with which "auto" holds some out."""


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """Labelled rows of a fit or of its validation; sliced by positions."""

    y: np.ndarray
    """(n_rows,) or (n_rows, n_outputs): the labels as given."""
    known: np.ndarray
    """Like ``y``, bool: whether an entry is known."""
    encoded: np.ndarray
    """(n_rows,) int64 classes, or (n_rows, n_outputs) float32."""
    sample_weight: np.ndarray | None
    """(n_rows,) float64, as given."""
    weight: np.ndarray
    """(n_rows,) float64: sample weight, 1 if none is given, times class weight."""

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, rows: np.ndarray) -> "LabelledRows":
        weight = self.sample_weight
        return LabelledRows(
            self.y[rows],
            self.known[rows],
            self.encoded[rows],
            None if weight is None else weight[rows],
            self.weight[rows],
        )

    @property
    def has_weight(self) -> np.ndarray:
        """Mask of rows with a known label of positive weight, (n_rows,) bool."""
        return self.known.reshape(len(self), -1).any(1) & (self.weight > 0)

    def choose_held_out(
        self, early_stopping: float | str, random_state: np.random.RandomState
    ) -> np.ndarray:
        """Choose rows for validation, stratified where labels are classes.

        Parameters
        ----------
        early_stopping : "auto", bool or float
            As in the estimators.
        random_state : RandomState
            Draws the rows.

        Returns
        -------
        ndarray of int
            Positions in ascending order; empty for no validation.

        Raises
        ------
        ValueError
            If rows must be held out and a class (or the data) has only one.
        """
        labeled = np.flatnonzero(self.has_weight)
        classes = self.encoded[labeled] if self.encoded.ndim == 1 else None
        if not early_stopping or (
            early_stopping == "auto" and not _is_enough_to_validate(labeled, classes)
        ):
            return labeled[:0]
        by_default = isinstance(early_stopping, bool | np.bool_ | str)
        fraction = HELD_OUT if by_default else float(early_stopping)
        n_classes = 1 if classes is None else len(np.unique(classes))
        n_held_out = max(round(fraction * len(labeled)), n_classes)
        fewest = _rarest_class_size(labeled, classes)
        if fewest < 2 or n_held_out > len(labeled) - n_classes:
            raise ValueError(
                f"early_stopping={early_stopping!r} needs two labelled rows of every "
                f"class, got {fewest} of the rarest and {len(labeled)} in all. Give "
                "X_val and y_val, or set early_stopping=False."
            )
        _, held_out = train_test_split(
            labeled, test_size=n_held_out, stratify=classes, random_state=random_state
        )
        return np.sort(held_out)

    def labels(self, names: str) -> Labels:
        """Make tensors; the weight of an unknown entry is 0.

        Parameters
        ----------
        names : str
            The weights in the user's terms, for the error.

        Returns
        -------
        Labels
            On the CPU.

        Raises
        ------
        ValueError
            If no entry has a weight.
        """
        weight = self.weight if self.encoded.ndim == 1 else self.weight[:, None]
        weight = self.known.reshape(self.encoded.shape) * weight
        labels = Labels(
            torch.from_numpy(self.encoded), torch.from_numpy(weight.astype(np.float32))
        )
        if not labels.weight.any():
            raise ValueError(
                f"{names} must leave a labelled row with positive weight, got zero for "
                "all. Raise the weight of some of them."
            )
        return labels


def _is_enough_to_validate(labeled: np.ndarray, classes: np.ndarray | None) -> bool:
    """Return whether there are enough rows for "auto" to hold some out."""
    if len(labeled) < MIN_ROWS:
        return False
    return classes is None or _rarest_class_size(labeled, classes) >= MIN_ROWS_PER_CLASS


def _rarest_class_size(labeled: np.ndarray, classes: np.ndarray | None) -> int:
    """Return the number of rows of the rarest class, or of all."""
    if classes is None:
        return len(labeled)
    return int(np.unique_counts(classes).counts.min())
