"""Alignment of labelled rows with node labels, by name."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skattn.graph._labels import (
    is_default_index,
    label_errors,
    listing,
    may_be_row_numbers,
    plain_index,
)


class _Nouns(NamedTuple):
    """Names of two labelled objects, in messages."""

    subject: str
    """The labels that are compared, such as "The index of y"."""
    thing: str
    """The object with these labels, such as "y"."""
    to: str
    """The objects with the labels in the required order, such as "nodes"."""


def has_index(values: Any) -> bool:
    """Return whether this is a Series or DataFrame with an index."""
    return hasattr(values, "iloc")


def aligned(
    values: Any,
    labels: Any,
    *,
    thing: str,
    numbers: NDArray[Any] | None = None,
    to: str = "nodes",
) -> Any:
    """Return the rows of a Series or DataFrame in the order of labels, as of nodes.

    Other containers, and those with row numbers as index, are returned unchanged; so is
    everything if `labels` is None. The other arguments are as for `order_by_name`.
    """
    if labels is None or not has_index(values):
        return values
    order = order_by_name(values.index, labels, thing=thing, numbers=numbers, to=to)
    return values if order is None else values.iloc[order]


def order_by_name(
    index: Any,
    labels: Any,
    *,
    thing: str,
    numbers: NDArray[Any] | None = None,
    of: str = "index",
    to: str = "nodes",
) -> NDArray[np.int64] | None:
    """Return the positions of labels in `index`; None for rows by position.

    Parameters
    ----------
    index : pandas Index of shape (n_rows,)
        Labels of rows; row numbers are no labels.
    labels : pandas Index of shape (n_rows,)
        Labels, as of nodes, in the required order. An `index` of another length is left
        to the caller's check of lengths.
    thing : str
        Name of the rows in the user's terms, for messages.
    numbers : ndarray of shape (n_rows,) or None
        Positions of the rows in a whole graph, the row numbers that a slice keeps.
    of, to : str
        Nouns for `index` and for the objects with `labels`, in messages.

    Raises
    ------
    ValueError
        If the labels differ as sets, are not unique where their order differs, or may
        be labels and row numbers alike.
    """
    nouns = _Nouns(f"The {of} of {thing}", thing, to)
    index, labels = plain_index(index), plain_index(labels)
    if len(index) != len(labels) or index.equals(labels):
        return None
    with label_errors(index):
        unique = index.is_unique and labels.is_unique
        at: NDArray[np.int64] = index.get_indexer(labels) if unique else np.array([-1])
    found = bool((at >= 0).all())
    if _are_row_numbers(index, labels, numbers):
        if found:
            raise ValueError(_ambiguous(index, labels, nouns))
        return None
    if not unique:
        raise ValueError(_not_unique(index, labels, nouns))
    if not found:
        raise ValueError(_different(index, labels, nouns))
    return at.astype(np.int64)


def _are_row_numbers(index: Any, labels: Any, numbers: NDArray[Any] | None) -> bool:
    """Return whether an index numbers rows, as pandas does by default and slices keep.

    Unnamed integers cannot be labels of a graph whose labels are other text.
    """
    if not may_be_row_numbers(index):
        return False
    if is_default_index(index):
        return True
    if numbers is not None and np.array_equal(index, numbers):
        return True
    text = labels.inferred_type == "string"
    return text and not bool(index.astype(str).isin(labels).any())


def _ambiguous(index: Any, labels: Any, nouns: _Nouns) -> str:
    subject, thing, to = nouns
    return (
        f"{subject} must be labels or row numbers, got {listing(index, 3)}, which may "
        f"be both: the {to} are labelled {listing(labels, 3)}. Pass {thing}.to_numpy() "
        f"if its order is that of the {to}, else {thing}.loc[labels], with their "
        "labels in this order."
    )


def _not_unique(index: Any, labels: Any, nouns: _Nouns) -> str:
    subject, thing, to = nouns
    names = labels if index.is_unique else index
    return (
        f"{subject} must not repeat labels where its order differs from that of the "
        f"{to}, got {listing(names[names.duplicated()].unique())} more than once. Keep "
        f"one row per label, or pass {thing}.to_numpy() if its order is that of the "
        f"{to}."
    )


def _different(index: Any, labels: Any, nouns: _Nouns) -> str:
    subject, thing, to = nouns
    unknown = index[labels.get_indexer(index) < 0]
    missing = labels[index.get_indexer(labels) < 0]
    return (
        f"{subject} must hold the labels of the {to} ({listing(labels, 3)}), got "
        f"{listing(unknown)} and no {listing(missing)}. Use the same labels, of the "
        f"same type, for both, or pass {thing}.to_numpy() if its order is that of the "
        f"{to}."
    )
