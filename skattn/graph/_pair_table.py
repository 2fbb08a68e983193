"""Tables of pairs: two columns that name the ends of each pair."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.graph._data_objects import check_data, type_name
from skattn.graph._frames import is_frame
from skattn.graph._graph import Graph
from skattn.graph._labels import listing, row_listing
from skattn.graph._node_names import NodeNames, Side, name_array

Columns = tuple[NDArray[Any], NDArray[Any]]
"""Names of the sources and of the targets, (n_rows,) each."""


def read_pairs(X: Any, source: Any = None, target: Any = None) -> Columns:
    """Return the two columns of a table of pairs.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n_rows, n_columns)
        The pairs; two columns unless `source` and `target` select them.
    source, target : str, int or None, default=None
        Name, or position in an array, of each column; None: the first two.

    Returns
    -------
    tuple of ndarray of shape (n_rows,)
        Names of the sources and of the targets.

    Raises
    ------
    TypeError
        If X is a graph or no table.
    ValueError
        If X does not have these columns, is empty or lacks an end.
    """
    if isinstance(X, Graph):
        raise TypeError(
            "X must be a table of pairs, got a Graph. Pass the pairs to predict, or "
            "skattn.graph.links(graph) for all of its edges."
        )
    if (source is None) != (target is None):
        raise ValueError(
            f"source= and target= go together, got {source!r} and {target!r}. Name "
            "both columns, or none for the first two."
        )
    check_data(X)
    columns = _frame_columns(X, source, target) if is_frame(X) else None
    sources, targets = columns or _array_columns(X, source, target)
    if len(sources) == 0:
        raise ValueError("X must hold at least one pair, got 0 rows (0 samples).")
    _check_missing(sources, targets)
    return sources, targets


def positions_of(columns: Columns, names: NodeNames) -> NDArray[np.int64]:
    """Return the pairs as positions of nodes, (n_rows, 2).

    Raises
    ------
    ValueError
        If a name is unknown, or both ends of a pair are the same node.
    """
    sides: tuple[Side, Side] = ("source", "target")
    pairs = np.stack(
        [names.positions(c, side) for c, side in zip(columns, sides, strict=True)], 1
    )
    if (pairs < 0).any():
        raise ValueError(_unknown_message(columns, pairs, names))
    same = np.flatnonzero(pairs[:, 0] == pairs[:, 1])
    if len(same):
        raise ValueError(
            "the two nodes of a pair must differ, got "
            f"{listing(columns[0][same].tolist(), 3)} paired with itself (row "
            f"{row_listing(same)}; {len(same)} such rows). Leave these rows out."
        )
    return pairs


def _unknown_message(
    columns: Columns, pairs: NDArray[np.int64], names: NodeNames
) -> str:
    unknown = [c[pairs[:, k] < 0].tolist() for k, c in enumerate(columns)]
    some = list(dict.fromkeys(unknown[0] + unknown[1]))
    if names.labels is None:
        known = f"nodes are numbered from 0 to {names.n_nodes - 1}"
    else:
        known = f"not among {names.n_nodes} names ({listing(names.labels.tolist(), 3)})"
    return (
        f"pairs must name known nodes, got {listing(some)}; {known}. Nodes without a "
        "link at fit are known if graph= contains them; names must have the same type."
    )


def _frame_columns(X: Any, source: Any, target: Any) -> Columns:
    """Return two columns of a DataFrame."""
    found = list(X.columns)
    if source is None:
        _check_width(len(found), "columns " + listing(found))
        source, target = found
    for name, side in ((source, "source"), (target, "target")):
        if name not in found:
            raise ValueError(
                f"{side}= must be a column of X, got {name!r} beside the columns "
                f"{listing(found)}."
            )
    return name_array(X[source]), name_array(X[target])


def _array_columns(X: Any, source: Any, target: Any) -> Columns:
    """Return two columns of an array or a list of pairs."""
    if not hasattr(X, "shape"):
        X = _object_array(X)
    X = np.asarray(X)
    if X.ndim != 2:
        raise ValueError(
            "X must have two columns, the nodes of each pair, got shape "
            f"{X.shape}. Reshape your data, or pass a list of pairs."
        )
    if source is None:
        _check_width(X.shape[1], f"shape {X.shape}")
        source, target = 0, 1
    for column in (source, target):
        if not isinstance(column, int | np.integer) or not 0 <= column < X.shape[1]:
            raise ValueError(
                "source= and target= must be positions of columns, since X has no "
                f"column names, got {column!r} for {X.shape[1]} columns."
            )
    return name_array(X[:, source].tolist()), name_array(X[:, target].tolist())


def _object_array(X: Any) -> NDArray[Any]:
    """Return a list of pairs as an array of objects, which keeps mixed types."""
    try:
        rows = [list(row) for row in X]
    except TypeError as error:
        raise TypeError(
            f"X must be a table of pairs of nodes, got {type_name(X)}."
        ) from error
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        raise ValueError(
            f"X must have two columns, got rows of {sorted(widths)} entries."
        )
    table = np.empty((len(rows), *(widths or {2})), object)
    for k, row in enumerate(rows):
        table[k] = row
    return table


def _check_width(width: int, got: str) -> None:
    if width != 2:
        raise ValueError(
            f"X must have two columns, the nodes of each pair, got {got}. Select them "
            "with source= and target=, or drop the others."
        )


def _check_missing(sources: NDArray[Any], targets: NDArray[Any]) -> None:
    """Raise ValueError if a pair lacks an end."""
    missing = [
        np.array([name is None or name != name for name in column.tolist()])
        for column in (sources, targets)
    ]
    rows = np.flatnonzero(missing[0] | missing[1])
    if len(rows):
        raise ValueError(
            f"X must not contain missing values (NaN), got {len(rows)} pairs without "
            f"an end (row {row_listing(rows)}). Leave these rows out."
        )
