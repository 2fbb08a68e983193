"""Checks of features and of the statistics that are computed from them."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils.validation import validate_data

from skattn.graph._numbers import numeric_errors

STATISTICS = ("mean", "std", "min", "max")
DENSE = ("min", "max")
"""Statistics of sparse features that are dense."""


def check_statistics(statistics: Any) -> None:
    """Raise ValueError if a name of a statistic is unknown."""
    for name in statistics:
        if name not in STATISTICS:
            raise ValueError(f"statistics must be among {STATISTICS}, got {name!r}.")


def check_numbers(
    estimator: Any, features: Any, *, reset: bool, keep_precision: bool = False
) -> Any:
    """Validate a feature matrix; None for a graph without features.

    NaN is allowed unless neighbours are sought by the features (`keep_precision`).
    """
    if features is None:
        return _check_nothing(estimator, reset=reset)
    with numeric_errors(features, "X"):
        checked = validate_data(
            estimator,
            features,
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            ensure_all_finite=True if keep_precision else "allow-nan",
            copy=keep_precision and reset,  # an index must not change with X
            reset=reset,
        )
    if sparse.issparse(checked):
        _check_sparse(estimator.statistics, checked)
    return checked


def _check_sparse(statistics: Any, features: Any) -> None:
    dense = [name for name in statistics if name in DENSE]
    if dense:
        raise ValueError(
            "statistics must be 'mean' and 'std' with sparse features, got "
            f"{dense[0]!r}, which would make them dense. Leave it out, or use "
            "TruncatedSVD before, or X.toarray()."
        )
    if np.isnan(features.data).any():
        raise ValueError(
            "X must be without missing values if it is sparse, got NaN. Impute them "
            "before, or use X.toarray()."
        )


def _check_nothing(estimator: Any, *, reset: bool) -> None:
    """Store that there are no features, or compare this with the fit."""
    if reset:
        estimator.n_features_in_ = 0
    elif estimator.n_features_in_:
        raise ValueError(
            f"X has 0 features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input. Pass a graph with features."
        )
