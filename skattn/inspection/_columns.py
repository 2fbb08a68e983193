"""Columns of a pipeline's input that the columns of its output are made of."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    OneHotEncoder,
    SplineTransformer,
    TargetEncoder,
)

Ints = NDArray[np.int64]
PER_COLUMN = OneHotEncoder, KBinsDiscretizer, SplineTransformer, TargetEncoder
"""Transformers that make columns named after one column each, with a suffix."""


def input_columns(step: Any) -> tuple[Any, ...]:
    """Return the names of the columns of a fitted transformer's input, or numbers."""
    names = getattr(step, "feature_names_in_", None)
    return tuple(range(step.n_features_in_) if names is None else names)


def sources(step: Any, n_columns: int) -> Ints | None:
    """Return the input column that each output column of a transformer is made of.

    Parameters
    ----------
    step : transformer of scikit-learn, "passthrough" or None
        Fitted on a table.
    n_columns : int
        Number of columns of its input.

    Returns
    -------
    ndarray of shape (n_outputs,), int64, or None
        None if a column is made of several, or it is unknown of which.
    """
    if step is None or isinstance(step, str):
        return np.arange(n_columns)
    if isinstance(step, Pipeline):
        found = np.arange(n_columns)
        for _, each in step.steps:
            inner = sources(each, len(found))
            if inner is None:
                return None
            found = found[inner]
        return found
    if isinstance(step, ColumnTransformer):
        return _of_parts(step)
    return _by_name(step)


def _of_parts(step: ColumnTransformer) -> Ints | None:
    """Return the sources of the output of a ColumnTransformer."""
    names = input_columns(step)
    found = np.full(max(each.stop for each in step.output_indices_.values()), -1)
    for name, transformer, chosen in step.transformers_:
        place = step.output_indices_[name]
        if place.stop == place.start:
            continue
        columns = _positions(names, chosen)
        if columns is None:
            return None
        inner = sources(transformer, len(columns))
        if inner is None or len(inner) != place.stop - place.start:
            return None
        found[place] = columns[inner]
    return found


def _positions(names: Sequence[Any], chosen: Any) -> Ints | None:
    """Return the positions of columns that are chosen as in a ColumnTransformer."""
    if isinstance(chosen, slice):
        if any(isinstance(end, str) for end in (chosen.start, chosen.stop)):
            return None
        return np.arange(len(names))[chosen]
    listed = np.atleast_1d(chosen)
    if listed.dtype.kind in "biu":
        return np.arange(len(names))[listed]
    return np.array([names.index(each) for each in listed], np.int64)


def _by_name(step: Any) -> Ints | None:
    """Match the names of output columns with those of the input."""
    try:
        outputs = list(step.get_feature_names_out())
    except (AttributeError, ValueError, TypeError):
        return None
    names = getattr(step, "feature_names_in_", None)
    if names is None:
        names = [f"x{k}" for k in range(step.n_features_in_)]
    place = {name: k for k, name in enumerate(names)}
    found = []
    for output in outputs:
        made_of = [place[output]] if output in place else []
        if not made_of and isinstance(step, PER_COLUMN):
            made_of = [k for name, k in place.items() if output.startswith(f"{name}_")]
        if len(made_of) != 1:
            return None
        found += made_of
    return np.array(found, np.int64)
