"""Tables of pairs: two columns that name the ends of each pair, and its features."""

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.graph._data_objects import remedy_for, type_name
from skattn.graph._graph import Graph
from skattn.graph._labels import listing, row_listing
from skattn.graph._name_table import check_names, columns_of
from skattn.graph._node_names import NodeNames, Side, name_array

_TABLE = "a table of pairs with two columns, the nodes of each pair"


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


def read_pairs(
    X: Any, source: Any = None, target: Any = None, name: str = "X"
) -> PairTable:
    """Read a table of pairs.

    Parameters
    ----------
    X : array-like or DataFrame of shape (n_rows, n_columns)
        The pairs; columns beside those of both ends are features, finite numbers.
    source, target : str, int or None, default=None
        Name, or position in an array, of each column; None: the first two.
    name : str, default="X"
        Name of the argument in messages.

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
    _check_type(X, name)
    columns = columns_of(X, name, _TABLE, 2)
    of_source, of_target = _ends(columns, source, target, name)
    sources, targets = columns[of_source], columns[of_target]
    if len(sources) == 0:
        raise ValueError(f"{name} must hold at least one pair, got 0 rows (0 samples).")
    check_names(sources, f"sources of {name}")
    check_names(targets, f"targets of {name}")
    others = {k: c for k, c in columns.items() if k not in (of_source, of_target)}
    features = _features(others, len(sources), name)
    return PairTable(name_array(sources), name_array(targets), features)


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


def _ends(
    columns: dict[Any, Any], source: Any, target: Any, name: str
) -> tuple[Any, Any]:
    """Return the keys of the columns of both ends."""
    found = list(columns)
    if len(found) < 2:
        raise ValueError(
            f"{name} must have two columns, the nodes of each pair, got "
            f"{len(found)}: {listing(found)}."
        )
    if source is None:
        return found[0], found[1]
    for column, side in ((source, "source"), (target, "target")):
        if column not in found:
            raise ValueError(
                f"{side}= must be a column of {name}, got {column!r} beside the "
                f"columns {listing(found)}."
            )
    if source == target:
        raise ValueError(f"source= and target= must differ, got {source!r} for both.")
    return source, target


def _features(
    columns: dict[Any, list[Any]], n_rows: int, of: str
) -> NDArray[np.float64]:
    """Return the columns that are no ends, as numbers."""
    features = np.empty((n_rows, len(columns)))
    for k, (name, column) in enumerate(columns.items()):
        if any(isinstance(value, str) for value in column):
            raise _feature_error(name, "text", of)
        try:
            features[:, k] = column
        except (TypeError, ValueError, OverflowError) as error:
            others = [value for value in column if not isinstance(value, Real)]
            got = type_name(others[0]) if others else "a number beyond float64"
            raise _feature_error(name, got, of) from error
        if not np.isfinite(features[:, k]).all():
            raise _feature_error(name, "a missing or infinite value (NaN, inf)", of)
    return features


def _feature_error(name: Any, got: str, of: str) -> ValueError:
    return ValueError(
        f"columns of {of} beside those of both nodes are features of the pairs and "
        f"must hold finite numbers, got {got} in column {name!r}. Encode or impute it, "
        "or leave it out; source= and target= choose the columns of the nodes."
    )


def _check_type(X: Any, name: str) -> None:
    """Raise TypeError unless an object can be a table of pairs."""
    advice = remedy_for(X)
    if isinstance(X, Graph):
        advice = "Pass the pairs to predict: skattn.graph.links(graph) has its edges."
    elif sp.issparse(X):
        advice = "Pass skattn.graph.links(Graph(X)).pairs for an adjacency matrix."
    if advice is not None:
        raise TypeError(f"{name} must be {_TABLE}, got {type_name(X)}. {advice}")
