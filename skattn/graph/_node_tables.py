"""Tables of the nodes of each type, side by side in one table."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._alignment import aligned
from skattn.graph._data_objects import as_array, check_data
from skattn.graph._labels import as_index, listing
from skattn.graph._numbers import as_floats
from skattn.graph._types import Types, as_types


def of_tables(X: Any, node_types: Any, labels: Any) -> tuple[Any, Any]:
    """Return features and types of all nodes, from a dict of tables by type.

    Other features are returned as they are.

    Parameters
    ----------
    X : dict of array-like, or other features
        A table for each type, with a row per node of the type, in the order of the
        nodes.
    node_types : array-like of shape (n_nodes,) or None
        None for tables of consecutive nodes: all nodes of the first type come first.
    labels : pandas Index of shape (n_nodes,) or None
        Labels of the nodes, by which tables with an index are aligned.
    """
    if not isinstance(X, Mapping):
        return X, node_types
    tables = {
        name: table if hasattr(table, "shape") else as_array(table, "X", "of nodes")
        for name, table in X.items()
    }
    if not tables or any(len(table.shape) != 2 for table in tables.values()):
        check_data(X)  # raises
    if node_types is None:
        sizes = [table.shape[0] for table in tables.values()]
        node_types = np.repeat(np.array(list(tables), dtype=object), sizes)
    n_nodes = np.shape(node_types)[0]
    types = as_types(node_types, n_nodes, "node_types", "node")
    assert types is not None
    return block_table(tables, types, labels), node_types


def one_table(X: Any, node_types: Any, nodes: Any) -> tuple[Any, Any]:
    """Return features and types of all nodes, from the arguments of `from_edges`."""
    if not isinstance(X, Mapping):
        return X, node_types
    named = nodes is not None and not isinstance(nodes, int | np.integer)
    labels = as_index(nodes) if named else None
    return of_tables(X, aligned(node_types, labels, thing="node_types"), labels)


def block_table(tables: Mapping[Any, Any], types: Types, labels: Any) -> Any:
    """Return a table in which the nodes of each type have columns of their own.

    Entries in the columns of other types are zeros. The table is sparse if one of the
    tables is.
    """
    _check_names(tables, types)
    rows_of = {
        name: np.flatnonzero(types.codes == code)
        for code, name in enumerate(types.listed)
    }
    parts, is_sparse = [], False
    for name, table in tables.items():
        rows = rows_of.get(name, np.empty(0, np.int64))
        if table.shape[0] != len(rows):
            raise ValueError(
                f"The table of node type {name!r} must have one row per node of the "
                f"type ({len(rows)}), got {table.shape[0]}. Give the rows in the order "
                "of the nodes."
            )
        if labels is not None and len(labels) == len(types.codes):
            table = aligned(table, labels[rows], thing=f"X[{name!r}]")
        is_sparse = is_sparse or sparse.issparse(table)
        parts.append((rows, table))
    place = _sparse_blocks if is_sparse else _dense_blocks
    return place(parts, len(types.codes))


def _check_names(tables: Mapping[Any, Any], types: Types) -> None:
    used = {name for name, table in tables.items() if table.shape[0]}
    if not set(types.listed) <= tables.keys() or used - set(types.listed):
        raise ValueError(
            f"X must have one table for each node type ({listing(types.listed)}), got "
            f"tables for {listing(list(tables))}. Use a table of shape (n_nodes, 0) "
            "for nodes without features."
        )


def _numbers(table: Any) -> NDArray[Any]:
    values = as_floats(table, "X")
    return values if values.dtype == np.float64 else values.astype(np.float32)


def _dense_blocks(parts: list[tuple[NDArray[Any], Any]], n_nodes: int) -> Any:
    blocks = [(rows, _numbers(table)) for rows, table in parts]
    dtype = np.result_type(np.float32, *(block.dtype for _, block in blocks))
    width = sum(block.shape[1] for _, block in blocks)
    X, first = np.zeros((n_nodes, width), dtype), 0
    for rows, block in blocks:
        X[rows, first : first + block.shape[1]] = block
        first += block.shape[1]
    return X


def _sparse_blocks(parts: list[tuple[NDArray[Any], Any]], n_nodes: int) -> Any:
    columns = []
    for rows, table in parts:
        entries = sparse.coo_array(table if sparse.issparse(table) else _numbers(table))
        ends = rows[entries.row], entries.col
        shape = n_nodes, table.shape[1]
        columns.append(sparse.coo_array((entries.data, ends), shape=shape))
    return sparse.csr_array(sparse.hstack(columns, format="csr"))


def tables_of(X: Any, types: Types) -> dict[Any, Any]:
    """Return the rows of the nodes of each type.

    If no column has entries other than 0 for two types, each table has the columns of
    its own type, otherwise all columns.
    """
    matrix = X.tocsr() if sparse.issparse(X) else as_floats(X, "X")
    rows_of = [np.flatnonzero(types.codes == k) for k in range(len(types.names))]
    used = [np.asarray((matrix[rows] != 0).sum(axis=0)).ravel() > 0 for rows in rows_of]
    apart = len(rows_of) > 1 and bool((np.sum(used, axis=0) <= 1).all())
    found = {}
    for name, rows, columns in zip(types.listed, rows_of, used, strict=True):
        keep = np.flatnonzero(columns) if apart else np.arange(matrix.shape[1])
        found[name] = matrix[rows][:, keep]
    return found
