"""Kinds of input of an estimator.

The first entry of a list decides its kind: graphs, matrices (sequences) or rows of a
table.
"""

from collections.abc import Iterable, Sequence
from numbers import Number
from typing import Any, Literal

import numpy as np

from skattn.graph._data_objects import check_data, foreign_graph_remedy
from skattn.graph._graph import Graph
from skattn.graph._graph_list import is_graph_list

InputKind = Literal["table", "adjacency", "graph", "named", "graphs", "sequences"]

FITTED_ON: dict[InputKind, tuple[str, str]] = {
    "table": ("a table", "Pass a table without adjacency="),
    "adjacency": ("a table with adjacency=", "Pass a table and adjacency= over it"),
    "graph": ("a Graph", "Pass a Graph, for example Graph(adjacency, X)"),
    "named": ("a DataFrame joined to graph=", "Pass a DataFrame with node labels"),
    "graphs": ("a list of graphs", "Pass a list, [graph] for a single one"),
    "sequences": (
        "a list of sequences",
        "Pass a list of arrays (n_steps, n_features) or one array (n, n_steps, "
        "n_features)",
    ),
}
"""Description of each kind, and the remedy for input of another kind at predict."""
_INPUT_NAMES: dict[InputKind, str] = {
    "table": "a table without adjacency=",
    "adjacency": "a table with adjacency=",
    "graph": "a Graph",
    "graphs": "a list of graphs",
    "sequences": "sequences",
}


def input_kind(X: Any, adjacency: Any = None, graph: Any = None) -> InputKind:
    """Return the kind of the input X, adjacency and graph (see `resolve`).

    Raises TypeError for other types and mixed lists, ValueError for contradicting
    arguments and empty or ragged lists.
    """
    check_data(X)
    _check_types(adjacency, graph)
    listed = _list_kind(X)
    _check_combination(X, adjacency, graph, listed)
    if listed is not None:
        return listed
    if graph is not None:
        return "named"
    if isinstance(X, Graph):
        return "graph"
    return "table" if adjacency is None else "adjacency"


def check_kind(fitted: InputKind, X: Any, adjacency: Any) -> None:
    """Raise ValueError unless the input is of the kind at fit."""
    got = input_kind(X, adjacency)
    if got != ("table" if fitted == "named" else fitted):
        before, remedy = FITTED_ON[fitted]
        raise ValueError(
            f"This estimator was fitted on {before}, got {_INPUT_NAMES[got]}. "
            f"{remedy}, or fit again on this kind of input."
        )


def _check_types(adjacency: Any, graph: Any) -> None:
    if graph is not None and not isinstance(graph, Graph):
        raise TypeError(
            f"graph must be a Graph or None, got {type(graph).__name__}. Use "
            "Graph(adjacency, nodes=...), Graph.from_edges or Graph.from_networkx."
        )
    if isinstance(adjacency, Graph):
        raise TypeError(
            "adjacency must be a matrix, got a Graph. Pass the graph itself as X, or "
            "graph.with_features(X)."
        )


def _check_combination(
    X: Any, adjacency: Any, graph: Any, listed: InputKind | None
) -> None:
    if listed is not None and not (adjacency is None and graph is None):
        raise ValueError(
            f"X holds {listed} with edges of its own, and "
            f"{'graph=' if adjacency is None else 'adjacency='} is set: only one of "
            "them can define the edges. Remove that argument."
        )
    if isinstance(X, Graph) and graph is not None:
        raise ValueError(
            "X is a Graph and graph= is set: only one of them can define the edges. "
            "Pass the table of features as X, or set graph=None."
        )
    if adjacency is not None and (isinstance(X, Graph) or graph is not None):
        raise ValueError(
            "adjacency= goes with a table alone, got also "
            f"{'a Graph as X' if isinstance(X, Graph) else 'graph='}. Pass one of them."
        )


def _list_kind(X: Any) -> InputKind | None:
    """Return "graphs" or "sequences" for a list of these, else None."""
    if isinstance(X, np.ndarray):
        _check_objects(X)
    if not _is_list(X):
        return None
    if len(X) == 0:
        raise ValueError(
            "X must hold at least one graph, sequence or row, got an empty list (0 "
            "samples). Check how they were made or selected."
        )
    if is_graph_list(X):
        return "graphs"
    first = next(iter(X))
    if _is_matrix(first):
        return "sequences"
    _check_rows(X)
    if not isinstance(X, list | tuple):
        raise TypeError(
            "An array of objects must hold graphs or sequences of shape (n_steps, "
            f"n_features), got {type(first).__name__} at position 0. A table is an "
            "array of numbers with two dimensions: np.stack(X)."
        )
    return None


def _is_list(X: Any) -> bool:
    """Return whether X is a collection of objects rather than a table."""
    n_dimensions = getattr(X, "ndim", 0)
    objects = n_dimensions == 1 and str(X.dtype) == "object"
    return isinstance(X, list | tuple) or n_dimensions == 3 or objects


def _check_objects(X: Any) -> None:
    objects = X.dtype == object and X.size > 0
    if objects and X.ndim != 1 and isinstance(np.asarray(X).flat[0], Graph):
        raise ValueError(
            f"An array of graphs must have one dimension, got shape {X.shape}. Use "
            "X.ravel(), or X.item() for a single graph."
        )


def _is_matrix(entry: Any) -> bool:
    """Return whether an entry of a list is two-dimensional."""
    if isinstance(entry, list | tuple):
        first = entry[0] if entry else None
        return isinstance(first, list | tuple) or getattr(first, "ndim", 0) == 1
    return len(getattr(entry, "shape", ())) == 2


def _check_rows(X: Iterable[Any]) -> None:
    """Raise an error unless the entries of a list are rows of equal length."""
    width = None
    for number, row in enumerate(X):
        if isinstance(row, Number) or getattr(row, "ndim", 1) == 0:
            return  # a one-dimensional X is refused by the check of features
        _check_row(row, number)
        width = len(row) if width is None else width
        if len(row) != width:
            raise ValueError(
                f"The rows of a table must be of one length, got {len(row)} entries in "
                f"row {number} and {width} in row 0 (an inhomogeneous shape). A "
                "sequence of one feature has the shape (n_steps, 1): x.reshape(-1, 1)."
            )


def _check_row(row: Any, number: int) -> None:
    if isinstance(row, Graph) or _is_matrix(row):
        kind = "a Graph" if isinstance(row, Graph) else "a matrix"
        raise TypeError(
            "A list must hold objects of one kind, got a row of a table first and "
            f"{kind} at position {number}. Pass only graphs, sequences or rows."
        )
    if isinstance(row, str | bytes):
        raise TypeError(
            f"X must hold graphs, sequences or rows of numbers, got the text {row!r} "
            f"at position {number}. Convert SMILES to graphs with "
            "skattn.preprocessing.MoleculeGraph."
        )
    if not (isinstance(row, Sequence) or len(getattr(row, "shape", ())) == 1):
        remedy = foreign_graph_remedy(row) or (
            "Create graphs with Graph(adjacency, X), Graph.from_edges or "
            "Graph.from_networkx."
        )
        raise TypeError(
            "X must hold graphs, sequences or rows of numbers, got "
            f"{type(row).__name__} at position {number}. {remedy}"
        )
