"""Alignment of labelled rows with node labels, by name."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.graph._labels import is_default_index, listing, plain_index


def has_index(values: Any) -> bool:
    """Return whether this is a Series or DataFrame with an index."""
    return hasattr(values, "iloc")


def aligned(
    values: Any, labels: Any, *, thing: str, numbers: NDArray[Any] | None = None
) -> Any:
    """Return the rows of a Series or DataFrame in the order of node labels.

    Other containers, and those with row numbers as index, are returned unchanged; so is
    everything if `labels` is None. The other arguments are as for `order_by_name`.
    """
    if labels is None or not has_index(values):
        return values
    order = order_by_name(values.index, labels, thing=thing, numbers=numbers)
    return values if order is None else values.iloc[order]


def order_by_name(
    index: Any,
    labels: Any,
    *,
    thing: str,
    numbers: NDArray[Any] | None = None,
    of: str = "index",
) -> NDArray[np.int64] | None:
    """Return the positions in `index` of node labels; None for rows by position.

    Parameters
    ----------
    index : pandas Index of shape (n_rows,)
        Labels of rows; row numbers are no labels.
    labels : pandas Index of shape (n_rows,)
        Node labels in the required order. An `index` of another length is left to the
        caller's check of lengths.
    thing : str
        Name of the rows in the user's terms, for messages.
    numbers : ndarray of shape (n_rows,) or None
        Positions of the rows in a whole graph, the row numbers that a slice keeps.
    of : str
        Noun for `index` in messages.

    Raises
    ------
    ValueError
        If the labels differ as sets, are not unique where their order differs, or may
        be labels and row numbers alike.
    """
    index, labels = plain_index(index), plain_index(labels)
    if len(index) != len(labels) or index.equals(labels):
        return None
    unique = index.is_unique and labels.is_unique
    at: NDArray[np.int64] = index.get_indexer(labels) if unique else np.array([-1])
    found = bool((at >= 0).all())
    if _are_row_numbers(index, labels, numbers):
        if found:
            raise ValueError(_ambiguous(index, labels, of, thing))
        return None
    if not unique:
        raise ValueError(_not_unique(index, labels, of, thing))
    if not found:
        raise ValueError(_different(index, labels, of, thing))
    return at.astype(np.int64)


def _are_row_numbers(index: Any, labels: Any, numbers: NDArray[Any] | None) -> bool:
    """Return whether an index numbers rows, as pandas does by default and slices keep.

    Unnamed integers cannot be labels of a graph whose labels are other text.
    """
    if index.name is not None or index.inferred_type != "integer":
        return False
    if is_default_index(index):
        return True
    if numbers is not None and np.array_equal(index, numbers):
        return True
    text = labels.inferred_type == "string"
    return text and not bool(index.astype(str).isin(labels).any())


def _ambiguous(index: Any, labels: Any, of: str, thing: str) -> str:
    return (
        f"The {of} of {thing} must be labels or row numbers, got {listing(index, 3)}, "
        f"which may be both: the nodes are labelled {listing(labels, 3)}. Pass "
        f"{thing}.to_numpy() if row i is node i, else {thing}.loc[labels], in the "
        "order of the nodes."
    )


def _not_unique(index: Any, labels: Any, of: str, thing: str) -> str:
    names = labels if index.is_unique else index
    return (
        f"The {of} of {thing} must name each node once where its order differs from "
        f"that of the nodes, got {listing(names[names.duplicated()].unique())} more "
        f"than once. Keep one row per node, or pass {thing}.to_numpy() if row i is "
        "node i."
    )


def _different(index: Any, labels: Any, of: str, thing: str) -> str:
    unknown = index[labels.get_indexer(index) < 0]
    missing = labels[index.get_indexer(labels) < 0]
    return (
        f"The {of} of {thing} must hold the labels of the nodes "
        f"({listing(labels, 3)}), got {listing(unknown)} and no {listing(missing)}. "
        "Use the same labels, of the same type, for both, or pass "
        f"{thing}.to_numpy() if row i is node i."
    )
