"""Reading of labels: their values, and the mask of known ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.graph._data_objects import as_array, type_name
from skattn.graph._labels import row_listing

MISSING_TEXTS = {"nan", "NaN", "None", "<NA>", "NaT"}
"""Texts of missing values that were converted to strings."""


def read_labels(y: Any, unlabeled: Any) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return labels as an array, and the mask of known ones.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, n_outputs)
        Labels: an array, masked or sparse ones too, a list, or a column or frame of
        pandas or polars.
    unlabeled : object
        Value of an unknown label. NaN, NA and NaT stand for any missing value, None
        among them. If it is None, all labels are known.

    Returns
    -------
    values : ndarray
        The labels. Objects become numbers or booleans if all known ones are.
    known : ndarray of bool
        Like `values`; false where a label is `unlabeled` or masked.

    Raises
    ------
    TypeError
        If `y` is no array of labels.
    ValueError
        If rows differ in length, a label is missing without being marked, or
        `unlabeled` is no single value.
    """
    if not _is_one_value(unlabeled):
        raise ValueError(
            f"unlabeled must be one value, got {unlabeled!r}. Replace all marks of "
            "unknown labels in y by one, such as float('nan')."
        )
    values, masked = _values_and_mask(y)
    missing = _missing(values) & ~masked
    if unlabeled is None and masked.any():
        raise ValueError(
            f"y must be without masked entries, got a mask of {masked.sum()} of them. "
            "Set unlabeled=float('nan'), which makes masked entries unknown labels, or "
            "leave those rows out."
        )
    marked = missing if is_missing(unlabeled) else _equal(values, unlabeled)
    if unlabeled is None:
        marked = np.zeros(values.shape, dtype=bool)
    known = ~(marked | masked)
    _check_not_missing(missing & known, unlabeled)
    return _narrowed(values, known), known


def check_one_type(labels: NDArray[Any]) -> None:
    """Raise ValueError if known labels are texts and other values."""
    if labels.dtype.kind != "O":
        return
    others = [label for label in labels.flat if not isinstance(label, str)]
    if 0 < len(others) < labels.size:
        raise ValueError(
            "y must hold labels of one type, got texts and "
            f"{type(others[0]).__name__} ({others[0]!r}). Convert them, such as "
            "[str(label) for label in y]."
        )


def check_mark(
    values: NDArray[Any], known: NDArray[np.bool_], unlabeled: Any, classes: Any = ()
) -> None:
    """Raise ValueError if a label is the text of a mark that does not occur.

    Parameters
    ----------
    values, known : ndarray
        From :func:`read_labels`.
    unlabeled : object
        Value of an unknown label.
    classes : sequence, default=()
        Labels that are certainly classes.
    """
    if unlabeled is None or not known.all():
        return
    texts = [v for v in _distinct_texts(values) if v not in set(classes)]
    if isinstance(unlabeled, str):
        found = [unlabeled] if _holds_number(values, unlabeled) else []
        is_number = "a number"
    else:
        found = [text for text in texts if _is_text_of(text, unlabeled)]
        is_number = "text"
    if found:
        raise ValueError(
            f"unlabeled={unlabeled!r} must occur in y or differ from all labels, but "
            f"y holds {found[0]!r} as {is_number}. Convert y or the mark, such as "
            f"unlabeled={_converted(unlabeled, found[0])!r}; if it is a class, set "
            "unlabeled=None."
        )


def is_missing(value: Any) -> bool:
    """Return whether a value is None, NaN, NA or NaT."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except TypeError:  # pandas.NA
        return True
    except ValueError:  # an array
        return False


def _is_one_value(mark: Any) -> bool:
    """Return whether a mark is no array, list or record."""
    if isinstance(mark, str | bytes):
        return True
    if hasattr(mark, "shape"):
        return mark.shape == () and not isinstance(mark, np.void)
    return not hasattr(mark, "__len__")


def _values_and_mask(y: Any) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the values of labels, objects where numpy would change them."""
    if isinstance(y, np.ma.MaskedArray):
        return np.asarray(y.data), np.ma.getmaskarray(y)
    values = _values(y)
    return values, np.zeros(values.shape, dtype=bool)


def _values(y: Any) -> NDArray[Any]:
    if sp.issparse(y):
        return np.asarray(y.toarray())
    if hasattr(y, "isna") and hasattr(y, "astype"):  # pandas
        return np.asarray(y.astype(object) if _has_extension(y) else y)
    if hasattr(y, "null_count") and hasattr(y, "to_list") and y.null_count():  # polars
        return _objects(y.to_list())
    values = as_array(y, "y", "one label per row")
    if values.ndim == 0:
        raise TypeError(
            f"y must hold one label per row, got {type_name(y)}. Pass a list, an array "
            "or a column of a DataFrame."
        )
    if values.dtype.kind == "V":
        raise TypeError(
            f"y must hold labels, got records ({values.dtype}). Select one of their "
            "fields."
        )
    if values.dtype.kind not in "US" or hasattr(y, "dtype"):
        return values
    objects = _objects(y)  # numpy makes texts of numbers beside texts
    is_one_type = len({type(label) for label in objects.flat} & {str, bytes}) == 1
    return values if is_one_type and all(map(_is_text, objects.flat)) else objects


def _objects(values: Any) -> NDArray[Any]:
    return np.array(values, dtype=object)


def _has_extension(y: Any) -> bool:
    """Return whether data of pandas has a dtype that is not of numpy."""
    dtypes = y.dtypes if getattr(y, "ndim", 1) == 2 else [y.dtype]
    return not all(isinstance(dtype, np.dtype) for dtype in dtypes)


def _missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype.kind in "fc":
        return np.asarray(np.isnan(values))
    if values.dtype.kind in "mM":
        return np.asarray(np.isnat(values))
    if values.dtype.kind == "O":
        return _each(is_missing, values)
    return np.zeros(values.shape, dtype=bool)


def _equal(values: NDArray[Any], mark: Any) -> NDArray[np.bool_]:
    if values.dtype.kind == "O":
        return _each(lambda value: not is_missing(value) and value == mark, values)
    equal: NDArray[np.bool_] = np.zeros(values.shape, dtype=bool)
    equal |= np.asarray(values == mark, dtype=bool)
    return equal


def _each(test: Callable[[Any], Any], values: NDArray[Any]) -> NDArray[np.bool_]:
    found = np.fromiter(map(test, values.flat), dtype=bool, count=values.size)
    return found.reshape(values.shape)


def _check_not_missing(missing: NDArray[np.bool_], unlabeled: Any) -> None:
    """Raise ValueError if a label that is not marked is missing."""
    if not missing.any():
        return
    rows = np.flatnonzero(missing.reshape(len(missing), -1).any(1))
    raise ValueError(
        "y must be without missing values, but: Input y contains NaN (or None, NA, "
        f"NaT) in {len(rows)} rows ({row_listing(rows)}), with "
        f"unlabeled={unlabeled!r}. Set unlabeled=float('nan') if they are unknown "
        "labels, or leave those rows out."
    )


def _narrowed(values: NDArray[Any], known: NDArray[np.bool_]) -> NDArray[Any]:
    """Convert objects to numbers or booleans if all known ones are."""
    if values.dtype.kind != "O" or not known.any():
        return values
    found = values[known].tolist()
    if any(map(_is_text, found)):
        return values
    numbers = np.asarray(found)
    if numbers.dtype.kind not in "biuf" or numbers.ndim != 1:
        return values
    narrowed = np.full(values.shape, numbers[0])
    narrowed[known] = numbers
    return narrowed


def _is_text(value: Any) -> bool:
    return isinstance(value, (str, bytes))


def _distinct_texts(values: NDArray[Any]) -> list[str]:
    if values.dtype.kind == "U":
        return [str(text) for text in np.unique(values)]
    if values.dtype.kind == "O":
        return sorted({text for text in values.flat if isinstance(text, str)})
    return []


def _is_text_of(text: str, mark: Any) -> bool:
    if is_missing(mark):
        return text.strip() in MISSING_TEXTS
    if text.strip() == str(mark):
        return True
    number = _as_number(text)
    return number is not None and bool(number == mark)


def _holds_number(values: NDArray[Any], text: str) -> bool:
    """Return whether numbers or booleans hold the one that a text denotes."""
    if values.dtype.kind == "b":
        return text in {str(bool(value)) for value in np.unique(values)}
    number = _as_number(text)
    return (
        values.dtype.kind in "iuf"
        and number is not None
        and bool(np.any(values == number))
    )


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _converted(mark: Any, found: str) -> Any:
    """Return the mark as the labels have it."""
    if not isinstance(mark, str):
        return found
    number = _as_number(mark)
    if number is None:
        return mark == "True"
    return int(number) if number.is_integer() else number
