"""Labelled rows with weights, and the choice of held-out rows."""

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.model_selection import train_test_split

from skattn._training import Labels

HELD_OUT = 0.1
"""Default fraction of the labelled rows to hold out."""
MIN_ROWS = 2000
"""Minimum number of labelled rows for validation by default, see docs/defaults.md."""
MIN_ROWS_PER_CLASS = 10
"""Minimum number of rows of every class for validation by default."""


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """Labelled rows of training or validation; indexed by positions."""

    y: np.ndarray
    """(n_rows,) or (n_rows, n_outputs): labels as passed by the user."""
    known: np.ndarray
    """Like ``y``, bool: mask of known labels."""
    encoded: np.ndarray
    """(n_rows,) int64 classes, or (n_rows, n_outputs) float32."""
    sample_weight: np.ndarray | None
    """(n_rows,) float64, as passed by the user."""
    weight: np.ndarray
    """(n_rows,) float64: sample weight (or 1) times class weight."""

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
        """Draw the rows to hold out for validation, stratified by class.

        Parameters
        ----------
        early_stopping : "auto", bool or float
            As in the estimators.
        random_state : RandomState
            Source of the draw.

        Returns
        -------
        ndarray of int
            Positions in ascending order; empty without validation.

        Raises
        ------
        ValueError
            If there are too few rows, in all or of a class.
        """
        labeled = np.flatnonzero(self.has_weight)
        classes = self.encoded[labeled] if self.encoded.ndim == 1 else None
        if not early_stopping or (
            early_stopping == "auto" and not _is_enough_to_validate(labeled, classes)
        ):
            return labeled[:0]
        is_default = isinstance(early_stopping, bool | np.bool_ | str)
        fraction = HELD_OUT if is_default else float(early_stopping)
        n_classes = 1 if classes is None else len(np.unique(classes))
        n_held_out = max(round(fraction * len(labeled)), n_classes)
        fewest = _rarest_class_size(labeled, classes)
        if fewest < 2 or n_held_out > len(labeled) - n_classes:
            raise ValueError(
                f"early_stopping={early_stopping!r} needs two labelled rows of every "
                f"class, got {fewest} of the rarest and {len(labeled)} in all. Pass "
                "X_val and y_val, or set early_stopping=False."
            )
        _, held_out = train_test_split(
            labeled, test_size=n_held_out, stratify=classes, random_state=random_state
        )
        return np.sort(held_out)

    def labels(self, weight_names: str) -> Labels:
        """Convert to tensors on the CPU; the weight of an unknown label is 0.

        Parameters
        ----------
        weight_names : str
            Names of the weights in the error message.

        Returns
        -------
        Labels
            Labels and weights.

        Raises
        ------
        ValueError
            If all weights are 0.
        """
        weight = self.weight if self.encoded.ndim == 1 else self.weight[:, None]
        weight = self.known.reshape(self.encoded.shape) * weight
        labels = Labels(
            torch.from_numpy(self.encoded), torch.from_numpy(weight.astype(np.float32))
        )
        if not labels.weight.any():
            raise ValueError(
                f"{weight_names} must leave a labelled row with positive weight, got "
                "zero for all. Increase the weight of some labelled rows."
            )
        return labels


def _is_enough_to_validate(labeled: np.ndarray, classes: np.ndarray | None) -> bool:
    """Return whether there are enough rows for validation by default."""
    if len(labeled) < MIN_ROWS:
        return False
    return classes is None or _rarest_class_size(labeled, classes) >= MIN_ROWS_PER_CLASS


def _rarest_class_size(labeled: np.ndarray, classes: np.ndarray | None) -> int:
    """Return the size of the rarest class; without classes, the number of rows."""
    if classes is None:
        return len(labeled)
    return int(np.unique_counts(classes).counts.min())
