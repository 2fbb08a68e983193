"""Labels of pairs: classes of links and non-links, or numbers."""

from dataclasses import dataclass

import numpy as np
from sklearn.utils import column_or_1d

from skattn.estimators._label_encoding import Classes, Numbers
from skattn.estimators._label_reader import (
    ClassReader,
    NumberReader,
    check_length,
)
from skattn.graph._data_objects import as_array, type_name
from skattn.graph._labels import row_listing
from skattn.graph._unknown_labels import is_missing
from skattn.graph._warning import warn


@dataclass(frozen=True, eq=False)
class LinkLabels:
    """Encoded labels of pairs."""

    encoding: Classes | Numbers
    """Decoding of outputs."""
    y: np.ndarray
    """(n_rows,) int64 classes, or (n_rows, 1) float32 numbers."""
    is_link: np.ndarray
    """(n_rows,) bool: whether a row is a link."""
    columns: np.ndarray | None
    """(n_rows, n_columns) labels as features of the edges of the context: numbers, or
    indicators of several classes of links; None for one class."""
    non_link: int | None
    """Class of non-links; None if there are none."""


def class_labels(y, n_rows, non_link, n_negatives):
    """Read classes of pairs.

    Parameters
    ----------
    y : array-like of shape (n_rows,) or None
        Classes; None if all rows are links.
    n_rows : int
        Number of rows.
    non_link : object
        Class of non-links; None if every row is a link.
    n_negatives : int or "auto"
        Number of non-links drawn for each link.

    Returns
    -------
    tuple of LinkLabels and int
        The labels, and the number of non-links drawn for each link.

    Raises
    ------
    ValueError
        If there is one class and no non-link is drawn.
    """
    _check_non_link(non_link)
    y = np.ones(n_rows, np.int64) if y is None else _classes(y, n_rows)
    is_non_link = np.zeros(n_rows, bool) if non_link is None else y == non_link
    n_negatives = _n_negatives(n_negatives, non_link, is_non_link)
    classes = np.unique(y)
    if n_negatives and not np.any(is_non_link):
        classes = _with_non_link(classes, non_link)
    if len(classes) < 2:
        raise ValueError(
            f"y must hold at least two classes, got one class: {classes.tolist()} and "
            "no drawn non-links. Set n_negatives=1, or add rows of another class."
        )
    encoding = Classes(classes)
    codes = np.searchsorted(classes, y).astype(np.int64)
    code = None
    if non_link is not None and non_link in classes.tolist():
        code = int(np.searchsorted(classes, non_link))
    is_link = np.ones(n_rows, bool) if code is None else codes != code
    columns = None
    if len(classes) - (code is not None) > 1:
        kinds = np.eye(len(classes), dtype=np.float32)
        columns = np.delete(kinds, [] if code is None else code, axis=1)[codes]
    return LinkLabels(encoding, codes, is_link, columns, code), n_negatives


def _n_negatives(n_negatives, non_link, is_non_link):
    """Return the number of non-links drawn for each link."""
    if np.all(is_non_link):
        raise ValueError(
            "y (1 in all rows if not given) must mark at least one link, got "
            f"{non_link!r} alone, the class of non-links (non_link=). Add linked "
            "pairs, which are the edges of the graph."
        )
    if n_negatives == "auto":
        return 0 if non_link is None or np.any(is_non_link) else 1
    if non_link is None and n_negatives:
        raise ValueError(
            "n_negatives draws non-links, but non_link=None says that every row is a "
            f"link; got n_negatives={n_negatives}. Set it to 0, or set non_link to the "
            "class of non-links."
        )
    return int(n_negatives)


def number_labels(y, n_rows):
    """Read numbers of pairs, all of which are links."""
    _check_known(y, n_rows)
    reader = NumberReader(None)
    y, known = reader.read(y)
    encoding = reader.learn(y, known, None).encoding
    encoded = encoding.encode(y, known)
    return LinkLabels(encoding, encoded, np.ones(n_rows, bool), encoded, None)


def validation_labels(y, n_rows, encoding):
    """Read the labels of validation pairs.

    Returns
    -------
    tuple of ndarray
        The labels, (n_rows,) or (n_rows, n_outputs), and the encoded ones.

    Raises
    ------
    ValueError
        If a label is missing, or a class not one of the fit.
    """
    _check_known(y, n_rows, "y_val", "X_val")
    classes = encoding.label_kind == "classes"
    reader = ClassReader(None, None) if classes else NumberReader(None)
    y, known = reader.read(y)
    return y, encoding.encode(y, known)


def _classes(y, n_rows):
    _check_known(y, n_rows)
    y, _ = ClassReader(None, None).read(y)
    if y.ndim != 1:
        raise ValueError(
            f"y must hold one class per pair, of shape (n_rows,), got shape {y.shape}."
        )
    return column_or_1d(y)


def _check_known(y, n_rows, name="y", of="X"):
    """Raise an error unless there is a label per row, none of which is missing."""
    if y is None:
        return  # the reader says so
    values = as_array(y, name, "one label per pair", object)
    if values.ndim == 0:
        raise TypeError(
            f"{name} must hold one label per pair, got {type_name(y)}. Pass a list, an "
            "array or a column of a DataFrame."
        )
    check_length(y, n_rows, name, of)
    missing = np.flatnonzero(
        [any(map(is_missing, np.atleast_1d(row))) for row in values]
    )
    if len(missing):
        raise ValueError(
            f"{name} must be without missing values (NaN, None, NA), got "
            f"{len(missing)} (row {row_listing(missing)}). Leave these rows out: their "
            "pairs can be predicted after the fit."
        )


def _check_non_link(non_link):
    """Raise ValueError unless the class of non-links is one value, or None."""
    if non_link is not None and (np.ndim(non_link) or is_missing(non_link)):
        raise ValueError(
            f"non_link must be one class or None, got {non_link!r}. None means that "
            "every row is a link."
        )


def _with_non_link(classes, non_link):
    """Add the class of drawn non-links."""
    if classes.tolist() == [-1, 1]:
        warn(
            f"y has the classes -1 and 1, of which none is non_link={non_link!r}: both "
            "are links, and non-links are drawn. Set non_link=-1 if it marks non-links."
        )
    are_numbers = {np.asarray(v).dtype.kind in "biuf" for v in (classes, non_link)}
    if len(are_numbers) > 1:
        raise ValueError(
            "non_link must be a class of the same type as y, got "
            f"non_link={non_link!r} for the classes {classes.tolist()[:5]}. Set it to "
            "such a class, or to None if every row is a link and y its class."
        )
    return np.unique(np.concatenate([classes, np.asarray([non_link])]))
