"""Square DataFrames as adjacency matrices with labels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._adjacency import dense_matrix
from skattn.graph._alignment import has_index, order_by_name
from skattn.graph._labels import is_default_index, plain_index


def entries_by_node(adjacency: Any, nodes: Any = None) -> tuple[Any, Any]:
    """Return an adjacency with the rows and columns of a DataFrame in one order.

    Parameters
    ----------
    adjacency : object
        A square DataFrame is converted; other objects are returned unchanged.
    nodes : pandas Index or None
        Node labels in the required order; None for the order of the index.

    Returns
    -------
    adjacency : object
        A coo_array with the entries in their order in the DataFrame, or the argument.
    nodes : pandas Index or None
        The argument, or the labels of the DataFrame if it has any.
    """
    if not _is_square_frame(adjacency):
        return adjacency, nodes
    labels, columns = _labels(adjacency)
    rows = np.arange(len(adjacency))
    if labels is not None and nodes is not None:
        order = order_by_name(labels, nodes, thing="adjacency")
        if order is not None:
            rows[order] = np.arange(len(rows))
    columns = rows if columns is None else rows[columns]
    entries = sparse.coo_array(dense_matrix(adjacency))
    at = rows[entries.row], columns[entries.col]
    by_node = sparse.coo_array((entries.data, at), shape=entries.shape)
    return by_node, labels if nodes is None else nodes


def nodes_of_rows(X: Any, adjacency: Any) -> Any:
    """Return node labels in the order of the rows of X; None if there are no labels.

    The labels are those of a square DataFrame `adjacency`; a DataFrame X that has them
    as index decides their order.
    """
    labels = _labels(adjacency)[0] if _is_square_frame(adjacency) else None
    if labels is None or not labels.is_unique:
        return None
    if has_index(X) and order_by_name(X.index, labels, thing="X") is not None:
        return plain_index(X.index)
    return labels


def _is_square_frame(adjacency: Any) -> bool:
    shape: tuple[int, ...] = adjacency.shape if has_index(adjacency) else ()
    return len(shape) == 2 and shape[0] == shape[1]


def _labels(frame: Any) -> tuple[Any, NDArray[np.int64] | None]:
    """Return the labels of the rows, and the row of each column's label.

    Labels are None for row numbers, rows are None for columns in the order of the rows.
    """
    index, columns = plain_index(frame.index), plain_index(frame.columns)
    rows = _rows_of_columns(index, columns)
    if rows is None and is_default_index(index):
        index = columns
    elif rows is None and not is_default_index(columns):
        order_by_name(columns, index, thing="adjacency", of="columns")
    return None if is_default_index(index) else index, rows


def _rows_of_columns(index: Any, columns: Any) -> NDArray[np.int64] | None:
    """Return the position in the index of each column; None if one has none."""
    if index.inferred_type == "integer" and columns.inferred_type == "string":
        index = index.astype(str)  # a file's header is text
    if not (index.is_unique and columns.is_unique):
        return None
    rows: NDArray[np.int64] = index.get_indexer(columns).astype(np.int64)
    return None if (rows < 0).any() else rows
