"""Tables of names: columns that name nodes, entities or relations."""

from collections.abc import Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from numbers import Real
from typing import Any

import numpy as np

from skattn.graph._data_objects import CONVERSION_ERRORS, check_not_masked, type_name
from skattn.graph._frames import is_frame
from skattn.graph._labels import listing, row_listing
from skattn.graph._unknown_labels import is_missing

_REMEDY = "Pass a DataFrame, an array or a list of tuples, one per row."
_NO_ROWS = (str, bytes, Mapping, AbstractSet)


def columns_of(X: Any, name: str, what: str, n_columns: int) -> dict[Any, list[Any]]:
    """Return the columns of a table as lists of Python objects.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n_rows, n_columns)
        The table.
    name : str
        Name of the argument in messages.
    what : str
        Description of the table in messages.
    n_columns : int
        Number of columns of a list without rows.

    Returns
    -------
    dict
        Columns by name; by position in an array or a list.

    Raises
    ------
    TypeError
        If X is no table.
    ValueError
        If it has not two dimensions, rows of several lengths, masked entries, or
        columns of the same name.
    """
    if is_frame(X):
        check_distinct_columns(X, name)
        columns = {key: np.asarray(X[key], object).tolist() for key in X.columns}
    elif hasattr(X, "shape"):
        columns = dict(enumerate(_array(X, name, what).T.tolist()))
    else:
        rows = _rows(X, name, what)
        columns = dict(enumerate(map(list, zip(*rows, strict=True))))
        if not rows:
            columns = {k: [] for k in range(n_columns)}
    return {key: list(map(plain, values)) for key, values in columns.items()}


def check_distinct_columns(frame: Any, name: str) -> None:
    """Raise ValueError if columns of a DataFrame have the same name."""
    names = list(frame.columns)
    if len(set(names)) < len(names):
        raise ValueError(
            f"{name} must have distinct column names, got {listing(names)}. Rename "
            "them."
        )


def check_names(names: Sequence[Any], what: str) -> None:
    """Raise ValueError if a name is missing, a truth value, or not hashable."""
    missing = np.flatnonzero([is_missing(name) for name in names])
    if len(missing):
        raise ValueError(
            f"{what} must have a name in every row and no missing values (NaN, None, "
            f"NA, NaT), got {len(missing)} without one (row {row_listing(missing)}). "
            "Leave these rows out."
        )
    for row, name in enumerate(names):
        if not isinstance(name, Hashable) or isinstance(name, bool):
            raise ValueError(
                f"{what} must be text, numbers or other hashable values, got "
                f"{type_name(name)} in row {row}. Convert the names, for example with "
                "astype(str)."
            )


def list_of(names: Any) -> list[Any] | None:
    """Return the entries of a list or of an array of one dimension, None of others."""
    if hasattr(names, "shape"):
        is_list = len(names.shape) == 1
        names = np.asarray(names, object).tolist() if is_list else None
    elif isinstance(names, str | bytes) or not isinstance(names, Sequence):
        names = None
    return None if names is None else list(map(plain, names))


def plain(name: Any) -> Any:
    """Return a scalar of numpy as a Python object, other objects as they are."""
    return name.item() if isinstance(name, np.generic) else name


def is_text_or_number(name: Any) -> bool:
    """Return whether a name is text or a real number, no truth value."""
    return isinstance(name, str | Real) and not isinstance(name, bool)


def _array(X: Any, name: str, what: str) -> Any:
    """Return an array of two dimensions."""
    check_not_masked(X, name)
    try:
        array = np.asarray(X)
    except CONVERSION_ERRORS as error:
        raise TypeError(
            f"{name} must be {what}, got {type_name(X)}. {_REMEDY}"
        ) from error
    if array.ndim == 0:
        raise TypeError(f"{name} must be {what}, got {type_name(X)}. {_REMEDY}")
    if array.ndim != 2:
        raise ValueError(
            f"{name} must be {what}, got shape {array.shape}. Reshape your data, or "
            "pass a list of tuples, one per row."
        )
    return array


def _rows(X: Any, name: str, what: str) -> list[tuple[Any, ...]]:
    """Return the rows of a list, of equal length."""
    if isinstance(X, str | bytes) or not isinstance(X, Sequence):
        raise TypeError(f"{name} must be {what}, got {type_name(X)}. {_REMEDY}")
    found = list(map(_row, X))
    rows = [row for row in found if row is not None]
    if len(rows) < len(found):
        row = type_name(X[found.index(None)])
        raise TypeError(
            f"{name} must be {what}, got {type_name(X)} with {row} as a row. {_REMEDY}"
        )
    n_entries = sorted({len(row) for row in rows})
    if len(n_entries) > 1:
        raise ValueError(
            f"{name} must be {what}, got rows of {' and '.join(map(str, n_entries))} "
            "entries. Give all rows the same length."
        )
    return rows


def _row(row: Any) -> tuple[Any, ...] | None:
    """Return the entries of a row, None for an object that is none."""
    try:
        return None if isinstance(row, _NO_ROWS) else tuple(row)
    except CONVERSION_ERRORS:
        return None
