"""Checks that tables and arrays hold numbers; messages name the column."""

from collections.abc import Iterator
from contextlib import contextmanager
from reprlib import repr as short
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._data_objects import CONVERSION_ERRORS, check_not_masked, type_name

_TIMES = ("date", "time", "duration", "period", "interval")
"""First letters of the dtypes of dates and durations, of numpy and of all frames."""


def as_floats(values: Any, name: str) -> NDArray[Any]:
    """Return a frame or an array as floats; float32 stays float32.

    Raises TypeError, with the name of `values` and the column, for other entries.
    """
    dtype = np.float32 if getattr(values, "dtype", None) == np.float32 else np.float64
    _check_dtypes(values, name)
    _check_real(values, name)
    try:
        if hasattr(values, "iloc"):  # pandas.NA is not a float
            present = values.where(values.notna(), np.nan)  # for columns of objects
            return np.asarray(present.to_numpy(dtype=dtype, na_value=np.nan))
        return np.asarray(values, dtype=dtype)
    except CONVERSION_ERRORS as error:
        raise TypeError(_message(values, name, error, _first_other(values))) from error


@contextmanager
def numeric_errors(values: Any, name: str) -> Iterator[None]:
    """Raise TypeError, with the column, where the body cannot read numbers.

    Dates are refused before the body; errors about other things are not changed.
    """
    _check_dtypes(values, name)
    try:
        yield
    except CONVERSION_ERRORS as error:
        _check_columns(values, name)
        found = _first_other(values)
        if found is None and _forms_array(values):
            raise
        raise TypeError(_message(values, name, error, found)) from error


def _check_dtypes(values: Any, name: str) -> None:
    check_not_masked(values, name)
    for label, dtype in _dtypes(values):
        if str(dtype).lower().startswith(_TIMES):
            raise TypeError(
                f"{name} must hold numbers, got dates or durations ({dtype})"
                f"{_place(label)}. Convert them to numbers, such as days since a first "
                "date, or drop the column."
            )
        if getattr(dtype, "kind", "") == "V":
            raise TypeError(
                f"{name} must hold numbers, got records ({dtype}){_place(label)}. Use "
                "pandas.DataFrame(X) for a structured array."
            )


def _check_columns(values: Any, name: str) -> None:
    """Raise ValueError if a DataFrame has no columns, or two of the same name."""
    columns = list(map(str, getattr(values, "columns", ())))
    if hasattr(values, "columns") and not columns:
        raise ValueError(
            f"{name} must have at least one column, got a DataFrame with 0 feature(s)."
        )
    twice = sorted({label for label in columns if columns.count(label) > 1})
    if twice:
        raise ValueError(
            f"{name} must have columns with different names, got {twice[0]!r} more "
            "than once. Rename them, or use to_numpy()."
        )


def _forms_array(values: Any) -> bool:
    try:
        array = np.asarray(values)
    except CONVERSION_ERRORS:
        return False
    return array.dtype.kind not in "VO" or sparse.issparse(values)


def _check_real(values: Any, name: str) -> None:
    for label, dtype in _dtypes(values):
        if getattr(dtype, "kind", "") == "c":
            raise TypeError(
                f"{name} must hold real numbers, got complex ones{_place(label)}. Use "
                "two columns, the real and the imaginary part."
            )


def _dtypes(values: Any) -> list[tuple[Any, Any]]:
    """Return columns and their dtypes; of an array None and its dtype."""
    if hasattr(values, "columns") and hasattr(values, "dtypes"):
        return list(zip(values.columns, values.dtypes, strict=True))
    dtype = getattr(values, "dtype", None)
    return [] if dtype is None else [(None, dtype)]


def _message(
    values: Any, name: str, error: Exception, found: tuple[Any, Any] | None
) -> str:
    if found is None:
        return (
            f"{name} must hold numbers, got {type_name(values)} that cannot be "
            f"converted to an array of numbers ({error}). Convert sparse matrices with "
            "toarray() and tensors with detach().cpu().numpy()."
        )
    label, entry = found
    if isinstance(entry, str | bytes):
        return (
            f"{name} must hold numbers, got the text {short(_plain(entry))}"
            f"{_place(label)}. Encode categories first, for example with "
            "OneHotEncoder, or drop the column."
        )
    return (
        f"{name} must hold numbers, got {short(entry)} ({type(entry).__name__})"
        f"{_place(label)}. Convert it to a number, None and NA to NaN ({error})."
    )


def _plain(text: str | bytes) -> str | bytes:
    return str(text) if isinstance(text, str) else bytes(text)


def _place(label: Any) -> str:
    return "" if label is None else f" in column {label!r}"


def _first_other(values: Any) -> tuple[Any, Any] | None:
    """Return the column and the value of the first entry that is not a number."""
    for label, column in _columns(values):
        if column.dtype.kind in "biufc":
            continue
        for entry in column.ravel():
            if not _is_number(entry):
                return label, entry
    return None


def _is_number(entry: Any) -> bool:
    if isinstance(entry, np.complexfloating):
        return False
    try:
        float(entry)
    except CONVERSION_ERRORS:
        return False
    return True


def _columns(values: Any) -> Iterator[tuple[Any, NDArray[Any]]]:
    """Iterate over the labels of columns and their entries."""
    if hasattr(values, "columns") and hasattr(values, "shape"):
        for number, label in enumerate(values.columns):
            rows = getattr(values, "iloc", values)
            yield label, np.asarray(rows[:, number], dtype=object)
        return
    if sparse.issparse(values):
        yield None, np.asarray(values.tocoo().data)
        return
    try:
        array = np.asarray(values)
    except CONVERSION_ERRORS:
        return  # rows of different lengths, or a tensor on another device
    if array.ndim < 2:
        yield None, array
        return
    for number in range(array.shape[-1]):
        yield number, array[..., number]
