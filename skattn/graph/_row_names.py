"""Names of the rows of an estimator's input, with which labels are aligned."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.graph._alignment import aligned, has_index
from skattn.graph._graph import Graph
from skattn.graph._named_parts import names_of
from skattn.graph._named_rows import named_rows
from skattn.graph._square_frame import nodes_of_rows


@dataclass(frozen=True, eq=False)
class RowNames:
    """Names of the rows of an estimator's input X."""

    labels: Any
    """pandas Index (n_rows,): labels of the rows' nodes."""
    index: Any = None
    """Index (n_rows,) of a DataFrame X or of a graph's features, if there is one."""
    numbers: NDArray[np.int64] | None = None
    """(n_rows,) positions of the rows in a whole graph, or None."""

    @classmethod
    def of(cls, X: Any, adjacency: Any = None, graph: Any = None) -> "RowNames | None":
        """Return the names of rows that `resolve` accepts; None for unnamed rows.

        The rows of a plain table have no names: its index is not compared with y, as in
        scikit-learn.
        """
        if isinstance(X, Graph):
            return _of_targets(X)
        index = X.index if has_index(X) else None
        if graph is not None:
            row_nodes, _ = named_rows(X, graph.nodes)
            return cls(graph.nodes[row_nodes], index)
        labels = nodes_of_rows(X, adjacency)
        return None if labels is None else cls(labels, index)


def _of_targets(graph: Graph) -> RowNames | None:
    labels = names_of(graph)
    if labels is None:
        return None
    index = graph.X.index[graph.targets] if has_index(graph.X) else None
    return RowNames(labels[graph.targets], index, graph.targets)


def in_row_order(
    values: Any, X: Any, *, thing: str, adjacency: Any = None, graph: Any = None
) -> Any:
    """Return labels or weights in the order of the rows of X, by name.

    Parameters
    ----------
    values : object
        A Series or DataFrame; other containers are returned unchanged.
    X : object
        Input of an estimator.
    thing : str
        Name of `values` in the user's terms, for messages.
    adjacency : object
        Adjacency of the rows of a table X, or None.
    graph : Graph or None
        Graph that the rows of a table X join.
    """
    names = RowNames.of(X, adjacency, graph) if has_index(values) else None
    if names is None or (names.index is not None and values.index.equals(names.index)):
        return values
    return aligned(values, names.labels, thing=thing, numbers=names.numbers)
