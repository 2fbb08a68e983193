"""Tables of pairs: two columns that name the ends of each pair, and its features."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.graph._data_objects import check_not_masked, remedy_for, type_name
from skattn.graph._frames import is_frame
from skattn.graph._graph import Graph
from skattn.graph._labels import listing, row_listing
from skattn.graph._node_names import NodeNames, Side, name_array
from skattn.graph._unknown_labels import is_missing


@dataclass(frozen=True, eq=False)
class PairTable:
    """Names of the ends of pairs, and their features."""

    sources: NDArray[Any]
    """(n_rows,) names of the sources."""
    targets: NDArray[Any]
    """(n_rows,) names of the targets."""
    features: NDArray[np.float64]
    """(n_rows, n_features) further columns."""

    @property
    def ends(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Sources and targets."""
        return self.sources, self.targets


def read_pairs(X: Any, source: Any = None, target: Any = None) -> PairTable:
    """Read a table of pairs.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n_rows, n_columns)
        The pairs; columns beside those of both ends are features, finite numbers.
    source, target : str, int or None, default=None
        Name, or position in an array, of each column; None: the first two.

    Returns
    -------
    PairTable
        Names of both ends, and features.

    Raises
    ------
    TypeError
        If X is a graph or no table.
    ValueError
        If X does not have these columns, is empty or lacks an end, or if another
        column does not hold finite numbers.
    """
    if (source is None) != (target is None):
        raise ValueError(
            f"source= and target= go together, got {source!r} and {target!r}. Name "
            "both columns, or none for the first two."
        )
    _check_type(X)
    columns = _frame_columns(X) if is_frame(X) else _array_columns(X)
    of_source, of_target = _ends(columns, source, target)
    sources, targets = columns[of_source], columns[of_target]
    if len(sources) == 0:
        raise ValueError("X must hold at least one pair, got 0 rows (0 samples).")
    for column in (sources, targets):
        check_names(column)
    others = {k: c for k, c in columns.items() if k not in (of_source, of_target)}
    return PairTable(sources, targets, _features(others, len(sources)))


def positions_of(pairs: PairTable, names: NodeNames) -> NDArray[np.int64]:
    """Return the pairs as positions of nodes, (n_rows, 2).

    Raises
    ------
    ValueError
        If a name is unknown, or both ends of a pair are the same node.
    """
    sides: tuple[Side, Side] = ("source", "target")
    ends = zip(pairs.ends, sides, strict=True)
    found = np.stack([names.positions(column, side) for column, side in ends], 1)
    if (found < 0).any():
        raise ValueError(_unknown_message(pairs, found, names))
    same = np.flatnonzero(found[:, 0] == found[:, 1])
    if len(same):
        raise ValueError(
            "the two nodes of a pair must differ, got "
            f"{listing(pairs.sources[same].tolist(), 3)} paired with itself (row "
            f"{row_listing(same)}; {len(same)} such rows). Leave these rows out."
        )
    return found


def _unknown_message(
    pairs: PairTable, found: NDArray[np.int64], names: NodeNames
) -> str:
    unknown = [c[found[:, k] < 0].tolist() for k, c in enumerate(pairs.ends)]
    some = list(dict.fromkeys(unknown[0] + unknown[1]))
    if names.labels is None:
        known = f"nodes are numbered from 0 to {names.n_nodes - 1}"
        remedy = "Pass Graph(adjacency, X, nodes=names) as graph= if nodes have names."
    else:
        known = f"not among {names.n_nodes} names ({listing(names.labels.tolist(), 3)})"
        remedy = (
            "Nodes without a link at fit are known if graph= contains them; names must "
            "have the same type."
        )
    return f"pairs must name known nodes, got {listing(some)}; {known}. {remedy}"


def _frame_columns(X: Any) -> dict[Any, Any]:
    """Return the columns of a DataFrame by name."""
    names = list(X.columns)
    if len(set(names)) < len(names):
        raise ValueError(
            f"X must have distinct column names, got {listing(names)}. Rename them."
        )
    return {name: name_array(X[name]) for name in names}


def _array_columns(X: Any) -> dict[Any, Any]:
    """Return the columns of an array or a list of pairs by position."""
    if not hasattr(X, "shape"):
        X = _object_array(X)
    X = np.asarray(X)
    if X.ndim != 2:
        raise ValueError(
            "X must have two columns, the nodes of each pair, got shape "
            f"{X.shape}. Reshape your data, or pass a list of pairs."
        )
    return {k: name_array(X[:, k].tolist()) for k in range(X.shape[1])}


def _ends(columns: dict[Any, Any], source: Any, target: Any) -> tuple[Any, Any]:
    """Return the keys of the columns of both ends."""
    found = list(columns)
    if len(found) < 2:
        raise ValueError(
            "X must have two columns, the nodes of each pair, got "
            f"{len(found)}: {listing(found)}."
        )
    if source is None:
        return found[0], found[1]
    for name, side in ((source, "source"), (target, "target")):
        if name not in found:
            raise ValueError(
                f"{side}= must be a column of X, got {name!r} beside the columns "
                f"{listing(found)}."
            )
    if source == target:
        raise ValueError(f"source= and target= must differ, got {source!r} for both.")
    return source, target


def _features(columns: dict[Any, Any], n_rows: int) -> NDArray[np.float64]:
    """Return the columns that are no ends, as numbers."""
    features = np.empty((n_rows, len(columns)))
    for k, (name, column) in enumerate(columns.items()):
        if any(isinstance(value, str) for value in column.tolist()):
            raise _feature_error(name, "text")
        try:
            features[:, k] = column
        except (TypeError, ValueError) as error:
            raise _feature_error(name, type_name(column.tolist()[0])) from error
        if not np.isfinite(features[:, k]).all():
            raise _feature_error(name, "a missing or infinite value (NaN, inf)")
    return features


def _feature_error(name: Any, got: str) -> ValueError:
    return ValueError(
        "columns of X beside those of both nodes are features of the pairs and must "
        f"hold finite numbers, got {got} in column {name!r}. Encode or impute it, or "
        "leave it out; source= and target= choose the columns of the nodes."
    )


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


def check_names(names: NDArray[Any], what: str = "X") -> None:
    """Raise ValueError if a name is missing, or is no number or text or the like."""
    values = names.tolist()
    missing = np.flatnonzero([is_missing(name) for name in values])
    if len(missing):
        raise ValueError(
            f"{what} must not contain missing values (NaN, None, NA), got "
            f"{len(missing)} pairs without an end (row {row_listing(missing)}). Leave "
            "these rows out."
        )
    for row, name in enumerate(values):
        if not isinstance(name, Hashable):
            raise ValueError(
                f"names of nodes must be numbers, text or other hashable values, got "
                f"{type_name(name)} in row {row} of {what}."
            )


def _check_type(X: Any) -> None:
    """Raise TypeError unless an object can be a table of pairs."""
    advice = remedy_for(X)
    if isinstance(X, Graph):
        advice = "Pass the pairs to predict: skattn.graph.links(graph) has its edges."
    elif sp.issparse(X):
        advice = "Pass skattn.graph.links(Graph(X)).pairs for an adjacency matrix."
    if advice is not None:
        raise TypeError(f"X must be a table of pairs, got {type_name(X)}. {advice}")
    check_not_masked(X, "X")
