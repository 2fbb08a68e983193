"""Node labels, a pandas Index without duplicates."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.graph._data_objects import CONVERSION_ERRORS, check_not_masked, type_name
from skattn.graph._frames import import_pandas


def as_labels(nodes: Any, n_nodes: int) -> Any:
    """Return labels as a checked pandas Index, or None."""
    if nodes is None:
        return None
    labels = as_index(nodes)
    if labels.nlevels > 1:
        raise ValueError(
            "nodes must have one level of labels, got a MultiIndex with "
            f"{labels.nlevels}. Join its levels into one label per node."
        )
    if len(labels) != n_nodes:
        raise ValueError(
            f"nodes must have one label per node ({n_nodes}), got {len(labels)}. "
            "Pass the labels of all rows of the adjacency, in their order."
        )
    with label_errors(labels):
        twice = () if labels.is_unique else labels[labels.duplicated()].unique()
    if len(twice):
        raise ValueError(
            f"nodes must name each node once, got {listing(twice)} more than once. "
            "Merge these nodes, or give them different labels."
        )
    return labels


def as_index(labels: Any) -> Any:
    """Return labels as a pandas Index; the name of a Series is kept."""
    pd = import_pandas("nodes=", "Without nodes=, nodes are numbered from 0.")
    check_not_masked(labels, "nodes")
    if isinstance(labels, pd.Index):
        return labels if labels.nlevels > 1 else plain_index(labels)
    if isinstance(labels, pd.Series):
        return pd.Index(labels.to_numpy(), name=labels.name, tupleize_cols=False)
    try:
        return pd.Index(labels, tupleize_cols=False)
    except CONVERSION_ERRORS as error:
        raise TypeError(
            "Node labels must be a list, an array or an Index of one dimension, got "
            f"{type_name(labels)}. Pass one label per node."
        ) from error


@contextmanager
def label_errors(labels: Any) -> Iterator[None]:
    """Raise TypeError where the body cannot look up labels that are not hashable."""
    try:
        yield
    except CONVERSION_ERRORS as error:
        raise TypeError(
            "Node labels must be hashable, such as strings, integers and tuples, got "
            f"{type_name(labels[0])} or the like ({error}). Pass names, and features "
            "as X."
        ) from error


def plain_index(index: Any) -> Any:
    """Return a pandas Index with the values of categories, and tuples of levels."""
    if index.nlevels > 1:
        return index.to_flat_index()
    if hasattr(index, "categories"):
        return index.astype(object).infer_objects()
    return index


def is_default_index(index: Any) -> bool:
    """Return whether an index is unnamed and counts from 0, as without labels."""
    return bool(index.name is None and np.array_equal(index, np.arange(len(index))))


def may_be_row_numbers(index: Any) -> bool:
    """Return whether an index holds unnamed integers, which may be no labels."""
    return index.name is None and index.inferred_type == "integer"


def row_listing(rows: NDArray[Any], most: int = 5) -> str:
    """Return a text of the first row numbers, with dots for others."""
    return ", ".join(map(str, rows[:most])) + (", ..." if len(rows) > most else "")


def listing(labels: Any, most: int = 5) -> str:
    """Return a text of the first labels and the number of others."""
    shown = ", ".join(repr(label) for label in list(labels[:most]))
    return shown + (f" and {len(labels) - most} more" if len(labels) > most else "")
