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
    y = np.ones(n_rows, np.int64) if y is None else _classes(y, n_rows)
    has_non_links = non_link is not None and bool((y == non_link).any())
    if n_negatives == "auto":
        n_negatives = 0 if non_link is None or has_non_links else 1
    if non_link is None and n_negatives:
        raise ValueError(
            "n_negatives draws non-links, but non_link=None says that every row is a "
            f"link; got n_negatives={n_negatives}. Set it to 0, or set non_link to the "
            "class of non-links."
        )
    classes = np.unique(y)
    if n_negatives and not has_non_links:
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
    return LinkLabels(encoding, codes, is_link, columns, code), int(n_negatives)


def number_labels(y, n_rows):
    """Read numbers of pairs, all of which are links."""
    reader = NumberReader(None)
    y, known = reader.read(y)
    check_length(y, n_rows, "y", "X")
    encoding = reader.learn(y, known, None).encoding
    encoded = encoding.encode(y, known)
    return LinkLabels(encoding, encoded, np.ones(n_rows, bool), encoded, None)


def _classes(y, n_rows):
    y, _ = ClassReader(None, None).read(y)
    if y.ndim != 1:
        raise ValueError(
            f"y must hold one class per pair, of shape (n_rows,), got shape {y.shape}."
        )
    y = column_or_1d(y)
    check_length(y, n_rows, "y", "X")
    return y


def _with_non_link(classes, non_link):
    """Add the class of drawn non-links."""
    kinds = {np.asarray(classes).dtype.kind in "OUST", isinstance(non_link, str)}
    if len(kinds) > 1 or non_link in classes.tolist():
        raise ValueError(
            "non_link must be a class of the same type as y and differ from that of "
            f"the links, got non_link={non_link!r} for the classes "
            f"{classes.tolist()[:5]}. Set it to such a class, or to None if every row "
            "is a link and y its class."
        )
    return np.unique(np.concatenate([classes, np.asarray([non_link], classes.dtype)]))
