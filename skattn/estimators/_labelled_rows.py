"""Rows with their labels and weights."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import _check_sample_weight

from skattn._training import Labels


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """Rows of a fit or of its validation; sliced by positions."""

    y: np.ndarray
    """(n_rows,) or (n_rows, n_outputs): the labels as given."""
    known: np.ndarray
    """Like ``y``, bool: whether an entry is known."""
    encoded: np.ndarray
    """(n_rows,) int64 classes, or (n_rows, n_outputs) float32."""
    sample_weight: np.ndarray
    """(n_rows,) float64, 1 where none were given."""
    weight: np.ndarray
    """(n_rows,) float64: ``sample_weight`` times the weight of the class."""

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, rows: np.ndarray) -> "LabelledRows":
        return LabelledRows(
            *(getattr(self, field.name)[rows] for field in fields(self))
        )

    @property
    def counting(self) -> np.ndarray:
        """(n_rows,) bool: whether a row has a known label of positive weight."""
        return self.known.reshape(len(self), -1).any(1) & (self.weight > 0)

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
                f"{names} must leave some labelled row that counts, got zero for all."
            )
        return labels


def check_length(y: np.ndarray, n_rows: int, name: str, of: str) -> None:
    """Raise unless there is one label per row."""
    if len(y) != n_rows:
        raise ValueError(
            f"{name} must hold one answer per row or target of {of} ({n_rows}), got "
            f"{len(y)}: inconsistent numbers of samples. Slice both alike: "
            "fit(G[train], y[train])."
        )


def check_weight(sample_weight: Any, y: np.ndarray) -> np.ndarray:
    """Validate sample weights; ones where none are given."""
    return _check_sample_weight(
        sample_weight, y, dtype=np.float64, ensure_non_negative=True
    )
