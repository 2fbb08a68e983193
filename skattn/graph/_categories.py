"""Categorical columns of a table: their positions, categories and codes."""

from numbers import Number
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._data_objects import CONVERSION_ERRORS
from skattn.graph._frames import column_names, is_frame
from skattn.graph._labels import listing
from skattn.graph._numbers import as_floats
from skattn.graph._unknown_labels import is_missing

Categories = tuple[tuple[str, ...] | None, ...]
"""Sorted categories of every column as text, None for columns of numbers."""
Columns = Literal["from_dtype"] | Any
"""Choice of categorical columns: by dtype, positions, names, a mask, or None."""

MAX_CATEGORIES = 255
"""Number of categories of a column, as in HistGradientBoostingClassifier."""
UNKNOWN = -1.0
"""Code of a category that a fit did not see; the code of a missing one is NaN."""

_TEXT_DTYPES = ("category", "categorical", "enum", "str", "large_str", "dictionary")
"""First letters of the dtypes of categories and text, of pandas and polars."""


def learn_categories(X: Any, columns: Columns) -> Categories:
    """Collect the categories of the chosen columns.

    Raises
    ------
    ValueError
        If there is no such column, X is sparse, or a column has too many categories.
    """
    chosen = set(_positions(X, columns))
    if chosen and sparse.issparse(X):
        raise ValueError(
            "categorical_features needs a dense X, got a sparse one. Use X.toarray(), "
            "or categorical_features=None for numbers alone."
        )
    return tuple(
        _categories_of(X, k) if k in chosen else None for k in range(n_columns(X))
    )


def coded(X: Any, categories: Categories) -> Any:
    """Replace categories by their positions; NaN for missing, -1 for unknown ones.

    Returns
    -------
    object
        X itself if numpy can read all its columns as numbers, else float64 of the same
        shape.

    Raises
    ------
    TypeError
        If another column holds text.
    """
    chosen = [k for k, known in enumerate(categories) if known is not None]
    if not chosen and not _has_objects(X):
        return X
    table = _numbers_of(X, chosen)
    for k in chosen:
        if k < table.shape[1]:  # another number of columns is refused later
            table[:, k] = _codes(_texts(X, k), categories[k])
    return table


def _numbers_of(X: Any, categorical: list[int]) -> NDArray[np.float64]:
    """Return a table of floats; entries of categorical columns are arbitrary."""
    if is_frame(X):
        others = [k for k in range(X.shape[1]) if k not in categorical]
        table = np.empty(X.shape)
        if others:
            table[:, others] = as_floats(_column(X, others), "X")
        return table
    entries = np.array(X, dtype=object)
    entries[:, [k for k in categorical if k < entries.shape[1]]] = 0.0
    entries[np.vectorize(is_missing, otypes=[bool])(entries)] = np.nan
    return as_floats(entries, "X")


def _positions(X: Any, columns: Columns) -> list[int]:
    """Return the positions of the categorical columns."""
    if columns is None:
        return []
    if isinstance(columns, str):  # "from_dtype"
        width = X.shape[1] if is_frame(X) else 0
        return [k for k in range(width) if _is_categorical(_column(X, k))]
    chosen = np.asarray(columns)
    if chosen.size == 0:
        return []
    if chosen.ndim != 1 or chosen.dtype.kind not in "biuUOT":
        raise ValueError(
            "categorical_features must be positions, names or a mask of columns, got "
            f"{columns!r:.80}. Use a list such as [0, 3] or ['region']."
        )
    if chosen.dtype.kind == "b":
        return _from_mask(X, chosen)
    if chosen.dtype.kind in "iu":
        return _from_numbers(X, chosen.tolist())
    return _from_names(X, chosen.tolist())


def _from_mask(X: Any, mask: NDArray[np.bool_]) -> list[int]:
    if len(mask) != n_columns(X):
        raise ValueError(
            "categorical_features must have one entry per column if it is a mask "
            f"({n_columns(X)}), got {len(mask)}. Use positions or names."
        )
    return list(map(int, np.flatnonzero(mask)))


def _from_numbers(X: Any, positions: list[int]) -> list[int]:
    width = n_columns(X)
    wrong = [k for k in positions if not -width <= k < width]
    if wrong:
        raise ValueError(
            f"categorical_features must be positions of columns below {width}, got "
            f"{listing(wrong)}. Leave them out."
        )
    return [k % width for k in positions]


def _from_names(X: Any, names: list[Any]) -> list[int]:
    known = column_names(X)
    if known is None:
        raise ValueError(
            f"categorical_features must be positions for an X without column names, "
            f"got {listing(names)}. Pass a DataFrame, or positions such as [0, 3]."
        )
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            "categorical_features must be names of columns of X, got "
            f"{listing(unknown)} beside the columns {listing(known)}. Leave them out, "
            "or add the columns."
        )
    return [known.index(name) for name in names]


def n_columns(X: Any) -> int:
    """Return the number of columns of a table, 0 of other objects."""
    if not hasattr(X, "shape"):
        try:
            X = np.asarray(X, dtype=object)
        except CONVERSION_ERRORS:
            return 0
    return int(X.shape[1]) if len(X.shape) == 2 else 0


def _column(X: Any, k: Any) -> Any:
    return getattr(X, "iloc", X)[:, k]


def _is_categorical(column: Any) -> bool:
    """Return whether a column of a frame holds categories or text."""
    if str(column.dtype).lower().startswith("object"):
        return any(isinstance(entry, str) for entry in column)
    return str(column.dtype).lower().startswith(_TEXT_DTYPES)


def _has_objects(X: Any) -> bool:
    """Return whether a frame has columns of objects, which may be missing values."""
    if not is_frame(X) or not hasattr(X, "iloc"):
        return False
    return any(str(dtype) == "object" for dtype in X.dtypes)


def _categories_of(X: Any, k: int) -> tuple[str, ...]:
    known = sorted({text for text in _texts(X, k) if text is not None})
    if len(known) > MAX_CATEGORIES:
        names = column_names(X)
        name = k if names is None else names[k]
        raise ValueError(
            f"A categorical column must have at most {MAX_CATEGORIES} categories, got "
            f"{len(known)} in column {name!r}. Drop it if it is a name or free text, "
            "use pandas.to_numeric if it is numbers as text, or encode it, for "
            "example with scikit-learn's TargetEncoder."
        )
    return tuple(known)


def _texts(X: Any, k: int) -> list[str | None]:
    """Return the categories of a column as text, None for missing ones."""
    column = _column(X if hasattr(X, "shape") else np.asarray(X, dtype=object), k)
    entries = np.asarray(column, dtype=object).tolist()
    return [None if is_missing(entry) else _text(entry) for entry in entries]


def _text(entry: Any) -> str:
    """Return the text of a category: "1" for 1 and 1.0, which dtypes may mix."""
    if isinstance(entry, Number) and not isinstance(entry, bool | complex):
        number = float(entry)  # type: ignore[arg-type]
        return str(int(number)) if number.is_integer() else repr(number)
    return str(entry)


def _codes(texts: list[str | None], known: Any) -> NDArray[np.float64]:
    codes = {text: float(k) for k, text in enumerate(known)} | {None: np.nan}
    return np.array([codes.get(text, UNKNOWN) for text in texts])
