"""Labels of nodes and edges: the distinct rows of their features."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._features import take_rows
from skattn.graph._frames import is_frame, library_of
from skattn.graph._graph import Graph
from skattn.graph._unknown_labels import is_missing

MAX_NODE_LABELS = 128
"""Maximum number of distinct rows of node features."""
MAX_EDGE_LABELS = 32
"""Maximum number of distinct rows of edge features."""

Row = tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class LabelTable:
    """Distinct rows of node and edge features, which are labels by their number.

    Examples
    --------
    >>> import numpy as np
    >>> from skattn import Graph
    >>> from skattn.graph._label_table import LabelTable
    >>> graph = Graph([[0, 1], [1, 0]], np.array([[8.0], [6.0]]))
    >>> table = LabelTable.of(graph)
    >>> table.node_rows.T, table.node_codes(graph.X)
    (array([[6., 8.]]), array([1, 0]))
    """

    node_rows: Any
    """(n_labels, n_features): a table like the features of fit, or None without any."""
    edge_rows: NDArray[np.float32] | None
    """(n_edge_labels, n_edge_features), or None without edge features."""

    @classmethod
    def of(cls, graph: Graph) -> Self:
        """Collect the labels of a graph.

        Raises
        ------
        ValueError
            If there are too many, or a feature is missing.
        """
        X, edges = graph.X, graph.edge_features
        node_rows = None if X is None else _distinct(X, MAX_NODE_LABELS, "X", _NODES)
        if edges is None:
            return cls(node_rows, None)
        rows = _distinct(edges, MAX_EDGE_LABELS, "the edge features", _EDGES)
        return cls(node_rows, rows)

    @property
    def n_node_labels(self) -> int:
        """Number of labels of nodes; 1 without features."""
        return 1 if self.node_rows is None else int(self.node_rows.shape[0])

    @property
    def n_edge_labels(self) -> int:
        """Number of labels of edges; 1 without edge features."""
        return 1 if self.edge_rows is None else len(self.edge_rows)

    def node_codes(self, X: Any) -> NDArray[np.int64]:
        """Return the label of each row, -1 for one that is none; X is not None."""
        return _codes(self.node_rows, X)

    def edge_codes(self, edge_features: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return the label of each edge from 1, 0 for one that is none."""
        return _codes(self.edge_rows, edge_features) + 1

    def node_features(self, codes: NDArray[np.int64]) -> Any:
        """Return the rows of some labels, None without features."""
        if self.node_rows is None:
            return None
        rows = take_rows(self.node_rows, codes)
        return rows.reset_index(drop=True) if hasattr(rows, "reset_index") else rows

    def edge_features(self, codes: NDArray[np.int64]) -> NDArray[np.float32] | None:
        """Return the rows of some labels from 1, None without edge features."""
        return None if self.edge_rows is None else self.edge_rows[codes - 1]


def _distinct(X: Any, most: int, name: str, remedy: str) -> Any:
    """Return the distinct rows of a table, sorted if their entries can be compared."""
    first: dict[Row, int] = {}
    for number, row in enumerate(_rows(X)):
        if row not in first:
            if any(map(is_missing, row)):
                raise ValueError(
                    f"{name} must be without missing values, as every distinct row is "
                    f"a label, got {row}. Fill them first."
                )
            first[row] = number
    if len(first) > most:
        raise ValueError(
            f"every distinct row of {name} is a label that can be drawn, of which "
            f"there may be {most}, got {len(first)}. {remedy}"
        )
    return take_rows(X, np.array([first[row] for row in _sorted(first)], np.int64))


def _sorted(rows: Iterable[Row]) -> list[Row]:
    try:
        return sorted(rows)
    except TypeError:  # of several types
        return sorted(rows, key=repr)


def _codes(table: Any, X: Any) -> NDArray[np.int64]:
    number = {row: k for k, row in enumerate(_rows(table))}
    return np.array([number.get(row, -1) for row in _rows(X)], np.int64)


def _rows(X: Any) -> list[Row]:
    """Return the rows of a table as tuples."""
    if is_frame(X):
        if library_of(X) == "polars":
            return list(X.rows())
        return list(X.itertuples(index=False, name=None))
    values = X.toarray() if sparse.issparse(X) else np.asarray(X)
    return list(map(tuple, values.tolist()))


_NODES = (
    "Leave out what follows from the structure (for molecules: "
    "MoleculeGraph(derived=False)), bin what is continuous, or use "
    "graph.with_features(None)."
)
_EDGES = "Bin what is continuous, or leave the edge features out."
