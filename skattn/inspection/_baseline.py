"""Features of removed nodes, in the units of the estimator and of the user."""

from reprlib import repr as short
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._arguments import check_choice
from skattn.inspection._columns import input_columns
from skattn.inspection._steps import Steps

Row = NDArray[np.float32]


def removed_row(steps: Steps, prepared: Any, baseline: Any) -> Row:
    """Return the features of a removed node, (n_columns,), for the estimator.

    Parameters
    ----------
    steps : Steps
        The estimator, and the steps before it.
    prepared : PreparedInput
        The input of the explanation.
    baseline : {"mean", "zero"} or array-like
        Numbers are in the units of the input of the steps, if that is a table.

    Raises
    ------
    ValueError
        If there are no features, or it is no such row.
    """
    model = steps.estimator
    if not model.n_features_in_:
        raise ValueError(
            "of='nodes' and of='features' need node features, but the estimator was "
            "fitted on graphs without. Use of='edges'."
        )
    mean: Row = model._mean_features(prepared)
    if isinstance(baseline, str):
        check_choice(baseline, ("mean", "zero"), "baseline")
        return mean if baseline == "mean" else np.zeros_like(mean)
    if _takes_tables(steps, prepared):
        return _transformed(steps, baseline)
    return _numbers(baseline, len(mean))


def in_users_units(steps: Steps, prepared: Any, row: Row | None) -> Row | None:
    """Return a row in the units of the input of the steps, if they can be inverted."""
    encoding = steps.estimator._feature_encoding_
    is_encoded = encoding is not None and not encoding.keeps_columns
    if row is None or is_encoded or not _takes_tables(steps, prepared):
        return row
    try:
        found = np.asarray(steps.before.inverse_transform(row[None]), np.float32)[0]
        again = _transformed(steps, found)
    except (AttributeError, ValueError, TypeError, NotImplementedError):
        return row
    is_same = again.shape == row.shape and np.allclose(again, row, atol=1e-4)
    return found if is_same else row


def _takes_tables(steps: Steps, prepared: Any) -> bool:
    """Return whether steps before the estimator transform a table of its rows."""
    has_columns = getattr(steps.before, "n_features_in_", 0) > 0
    is_table = getattr(prepared.X, "ndim", 0) == 2 and not prepared.has_many_graphs
    return has_columns and is_table


def _transformed(steps: Steps, baseline: Any) -> Row:
    """Apply the steps before the estimator to a row of the user's columns."""
    names = input_columns(steps.before)
    values = list(baseline) if np.ndim(baseline) == 1 else []
    if len(values) != len(names):
        raise ValueError(
            f"baseline must be 'mean', 'zero' or {len(names)} values, one per column "
            f"of the input of the pipeline, got {short(baseline)}."
        )
    table: Any = np.array([values])
    if hasattr(steps.before, "feature_names_in_"):
        import pandas as pd

        table = pd.DataFrame([values], columns=list(names))
    try:
        found = steps.estimator._encoded_features(steps.before.transform(table))
    except (ValueError, TypeError) as error:
        raise ValueError(
            "baseline must be a row that the steps of the pipeline transform, got "
            f"{short(baseline)}: {error}"
        ) from error
    if sparse.issparse(found):
        found = found.toarray()
    return np.asarray(found, np.float32)[0]


def _numbers(baseline: Any, n_columns: int) -> Row:
    try:
        row = np.asarray(baseline, np.float32)
    except (ValueError, TypeError):
        row = np.empty(0, np.float32)
    if row.shape != (n_columns,) or not np.isfinite(row).all():
        raise ValueError(
            f"baseline must be 'mean', 'zero' or {n_columns} finite numbers, one per "
            f"feature, got {short(baseline)}."
        )
    return row
