"""Encoding of missing values and categories by columns of finite numbers."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skattn.graph._categories import MAX_CATEGORIES, Categories
from skattn.graph._standardization import Standardization

INDICATOR_WEIGHT = np.sqrt(0.5)
"""Weight of indicators in distances: categories that differ have distance 1."""


@dataclass(frozen=True)
class FeatureEncoding:
    """Columns of finite numbers for features with missing values and categories.

    A missing number is replaced by the mean. If some were missing at fit, a column that
    indicates them follows. A categorical column becomes an indicator of each category,
    the last one of missing ones if there were any at fit; all are 0 for others.
    """

    categories: Categories
    """(n_features,) sorted categories as text; None for numbers."""
    mean: tuple[float, ...]
    """(n_features,) of the numbers that are not missing; 0 for categories."""
    has_missing: tuple[bool, ...]
    """(n_features,) whether values were missing at fit."""

    def __post_init__(self) -> None:
        if not len(self.categories) == len(self.mean) == len(self.has_missing):
            raise ValueError("an encoding must have one entry per feature")
        for known in self.categories:
            if known and (
                len(known) > MAX_CATEGORIES or sorted(set(known)) != [*known]
            ):
                raise ValueError("categories must be distinct, sorted and few")

    @classmethod
    def of(cls, table: NDArray[Any], categories: Categories) -> Self:
        """Learn the encoding of a table of numbers and codes of `coded`.

        Parameters
        ----------
        table : ndarray of shape (n_rows, n_features)
            NaN is missing.
        categories : tuple
            Categories of every column, None for numbers.

        Returns
        -------
        FeatureEncoding
            The encoding.
        """
        mean: NDArray[np.float64] = np.asarray(np.mean(table, 0, dtype=np.float64))
        has_missing = np.zeros(mean.shape, np.bool_)
        if not np.isfinite(mean).all():
            held = ~np.isnan(table)
            has_missing = ~held.all(0)
            total = np.sum(table, 0, dtype=np.float64, where=held)
            mean = np.asarray(total / np.maximum(held.sum(0), 1))
        mean[[known is not None for known in categories]] = 0
        rounded = mean.astype(np.float32)  # a table of float32 numbers stays one
        return cls(categories, tuple(rounded.tolist()), tuple(has_missing.tolist()))

    @property
    def n_features(self) -> int:
        """Number of features."""
        return len(self.categories)

    @property
    def has_categories(self) -> bool:
        """Whether a feature is categorical."""
        return any(known is not None for known in self.categories)

    @property
    def keeps_columns(self) -> bool:
        """Whether the columns are the features, apart from missing values."""
        return not (self.has_categories or any(self.has_missing))

    @property
    def widths(self) -> NDArray[np.int64]:
        """(n_features,) number of columns of each feature."""
        numbers = [1 if known is None else len(known) for known in self.categories]
        return np.array(numbers, np.int64) + np.array(self.has_missing, np.int64)

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return int(self.widths.sum())

    @property
    def feature_of(self) -> NDArray[np.int64]:
        """(n_columns,) feature of each column."""
        return np.repeat(np.arange(self.n_features), self.widths)

    @property
    def is_indicator(self) -> NDArray[np.bool_]:
        """(n_columns,) whether a column indicates a category or missing values."""
        found = np.ones(self.n_columns, bool)
        first = np.cumsum(self.widths) - self.widths
        found[first[[known is None for known in self.categories]]] = False
        return found

    def apply(self, table: NDArray[Any]) -> NDArray[Any]:
        """Encode a table of numbers and codes.

        Parameters
        ----------
        table : ndarray of shape (n_rows, n_features)
            Not modified.

        Returns
        -------
        ndarray of shape (n_rows, n_columns), of the same dtype
            Without missing values; the table itself if it is the same.
        """
        if self.keeps_columns and not np.isnan(np.sum(table)):
            return table
        columns = np.zeros((len(table), self.n_columns), table.dtype)
        at = 0
        for k, width in enumerate(self.widths):
            self._fill(columns[:, at : at + width], table[:, k], k)
            at += width
        return columns

    def _fill(self, columns: NDArray[Any], feature: NDArray[Any], k: int) -> None:
        """Write the columns of one feature, which are zero before."""
        missing, known = np.isnan(feature), self.categories[k]
        if known is None:
            columns[:, 0] = np.where(missing, self.mean[k], feature)
        else:
            rows = np.flatnonzero(feature >= 0)  # neither unknown nor missing
            columns[rows, feature[rows].astype(np.int64)] = 1
        if self.has_missing[k]:
            columns[missing, -1] = 1

    def column_weights(self, columns: NDArray[Any]) -> NDArray[np.float64] | None:
        """Compute weights of the columns in distances, if there are categories.

        Numbers are divided by their standard deviation, because units and categories
        cannot be compared.

        Parameters
        ----------
        columns : ndarray of shape (n_rows, n_columns)
            Encoded rows of the fit.

        Returns
        -------
        ndarray of shape (n_columns,) or None
            Without categories None: distances are those of the features as given.
        """
        if not self.has_categories:
            return None
        scale = np.array(Standardization.of(columns).scale)
        return np.where(self.is_indicator, INDICATOR_WEIGHT, 1 / scale)
