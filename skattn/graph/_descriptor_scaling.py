"""Standardisation of descriptors."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from skattn.graph._collection import GraphCollection
from skattn.graph._descriptors import Descriptors, names_text

_ROUNDING = 8 * np.finfo(np.float64).eps
"""Relative range of a column that differs from a constant by rounding alone."""
MAX_DEVIATIONS = 5.0
"""Largest distance of the mean of a segment from its mean, in standard deviations."""


@dataclass(frozen=True)
class DescriptorScaling:
    """Names, means and scales of the descriptors of the training graphs."""

    names: tuple[str, ...] | None
    """(n_descriptors,) or None."""
    mean: tuple[float, ...]
    """(n_descriptors,)."""
    scale: tuple[float, ...]
    """(n_descriptors,): standard deviation; 0 for constants, which become 0."""
    limit: float | None = None
    """Largest size of a scaled value; None for no limit."""

    def __post_init__(self) -> None:
        numbers = np.array([self.mean, self.scale], np.float64)
        if not (np.isfinite(numbers).all() and (numbers[1] >= 0).all()):
            raise ValueError(
                "mean and scale must be finite, and the scale not negative"
            )
        if self.limit is not None and not self.limit > 0:
            raise ValueError(f"limit must be positive, got {self.limit}")
        if self.names is not None and len(set(self.names)) != len(self.mean):
            raise ValueError("names must be unique, one per mean")

    @classmethod
    def of(cls, view: GraphCollection, *, standardize: bool = True) -> Self | None:
        """Compute the scaling from the target graphs; None without descriptors.

        Unless `standardize`, the scaling returns values as they are; also of no graph.
        A descriptor that no training graph has counts as the constant 0.
        """
        if view.descriptors is None:
            return None
        if not standardize or len(view) == 0:
            width = view.n_descriptors
            return cls(view.descriptors.names, (0.0,) * width, (1.0,) * width)
        rows = view.descriptors.values[np.unique(view.targets)]
        rows = np.where(np.isnan(rows).all(axis=0), 0.0, rows)
        unit = np.nanmax(np.abs(rows), axis=0)  # squares of large ones would overflow
        unit[unit == 0] = 1
        rows = rows / unit
        mean, scale = np.nanmean(rows, axis=0) * unit, np.nanstd(rows, axis=0) * unit
        scale[np.nanmax(rows, axis=0) - np.nanmin(rows, axis=0) <= _ROUNDING] = 0
        return cls(view.descriptors.names, tuple(mean.tolist()), tuple(scale.tolist()))

    @classmethod
    def of_segments(cls, view: GraphCollection) -> Self | None:
        """Compute the scaling of means of segments from the target sequences.

        Their scale is the standard deviation times the root of their number. All of
        them together are then about as large as one standardised number, and a step of
        the optimizer changes the output little, however many there are. Values beyond
        `MAX_DEVIATIONS` are clipped, since some columns may hardly vary in training.
        """
        found = cls.of(view)
        if found is None:
            return None
        root = len(found.mean) ** 0.5
        scale = tuple(root * each for each in found.scale)
        return replace(found, scale=scale, limit=MAX_DEVIATIONS / root)

    def apply(self, table: Descriptors) -> NDArray[np.float32]:
        """Standardise descriptors, (n_graphs, n_descriptors), in the order of names.

        Missing ones become 0, which is the mean.

        Raises ValueError if both have names, and these differ.
        """
        if None not in (table.names, self.names) and set(table.names or ()) != set(
            self.names or ()
        ):
            raise ValueError(
                "graph 0 and all others must have the same descriptors as at fit"
                f"{names_text(self.names)}, got others{names_text(table.names)}. "
                "Rename them, or fit again."
            )
        rows, scale = table.values_in_order(self.names), np.array(self.scale)
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = (rows - np.array(self.mean)) / np.where(scale > 0, scale, 1)
            scaled = np.where((scale > 0) & ~np.isnan(rows), scaled, 0)
            if self.limit is not None:
                scaled = scaled.clip(-self.limit, self.limit)
            return scaled.astype(np.float32)
