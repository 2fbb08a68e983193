"""All the ways in meet here: (X, adjacency, graph=) becomes views of a graph.

A `Context` is what one call of ``fit`` was given. It splits its rows into a training
and a held-out view, says what to keep for later, and joins later rows to it. Nothing
after it asks how the graph arrived.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from skattn.graph._features import degree_features, take_rows
from skattn.graph._graph import Graph
from skattn.graph._named_rows import check_repeats, last_row_of, named_rows, stack
from skattn.graph._neighbors import table_adjacency

Check = Callable[[Any], Any]
Views = tuple[Graph, Graph | None]
Rows = NDArray[np.int64]


class Context(ABC):
    """The rows of a fit and the graph that they are part of."""

    kind: ClassVar[str]
    """How the graph arrived: "table", "adjacency", "graph" or "named"."""

    @property
    @abstractmethod
    def n_rows(self) -> int:
        """Number of rows, as many as y has."""

    @abstractmethod
    def split(self, train: Rows, held_out: Rows | None) -> Views:
        """Return the views whose targets are these rows, in their order.

        Parameters
        ----------
        train : ndarray of shape (n_train,), int64
            Positions of rows.
        held_out : ndarray of shape (n_held_out,), int64, or None
            Positions of other rows. Rows in neither are context, as training rows are.

        Returns
        -------
        train : Graph
            A view with checked features.
        held_out : Graph or None
            A view with checked features; None if there are no such rows.
        """

    @abstractmethod
    def fitted(self) -> "Context":
        """Return what prediction needs of this, and no more.

        Returns
        -------
        Context
            It can `join`, not `split`.
        """

    @abstractmethod
    def join(self, X: Any, *, adjacency: Any = None, check: Check) -> Graph:
        """Return the view whose targets are later rows.

        Parameters
        ----------
        X : Graph, array-like, sparse matrix or DataFrame
            Of the kind that was fitted.
        adjacency : matrix of shape (n_rows, n_rows) or None, default=None
            Needed if and only if fit had one.
        check : callable
            As for `resolve`.

        Returns
        -------
        Graph
            A view with checked features, one target per row of X.

        Raises
        ------
        ValueError
            If the input is of another kind than the fitted one.
        """

    def positions(self, X: Any) -> Rows | None:  # noqa: ARG002
        """Return the nodes of ``join(X)`` as positions in the user's graph.

        Parameters
        ----------
        X : DataFrame
            As for `join`.

        Returns
        -------
        ndarray of shape (n_nodes,), int64, or None
            None where ``join(X)`` has the nodes of the input itself.
        """
        return None


def resolve(
    X: Any,
    *,
    adjacency: Any = None,
    graph: Graph | None = None,
    n_neighbors: int = 8,
    check: Check,
) -> Context:
    """Turn what ``fit`` was given into one kind of thing.

    Parameters
    ----------
    X : Graph, array-like, sparse matrix or DataFrame
        The rows, one target each.
    adjacency : matrix of shape (n_rows, n_rows) or None, default=None
        Row i of X is node i.
    graph : Graph or None, default=None
        A graph with labels that rows of a DataFrame join by name.
    n_neighbors : int, default=8
        For a table alone: how many rows each row attends to.
    check : callable
        Takes a raw feature matrix, or None where there is none, and returns it as
        float32 ndarray or CSR matrix. Called once, after the rest is checked.

    Returns
    -------
    Context
        Of kind "table", "adjacency", "graph" or "named".

    Raises
    ------
    TypeError
        If `graph` is no Graph or X is a list of them.
    ValueError
        If these do not go together, or rows do not find their nodes.
    """
    _check_ways(X, adjacency, graph)
    if graph is not None:
        return NamedContext.of(X, graph, check)
    if isinstance(X, Graph):
        return GraphContext(_checked(X, check))
    if adjacency is not None:
        return AdjacencyContext(_checked(Graph(adjacency, X), check))
    return TableContext(check(X), n_neighbors)


@dataclass(frozen=True, eq=False)
class TableContext(Context):
    """A table alone: rows attend to their nearest training rows."""

    kind: ClassVar[str] = "table"
    features: Any
    """(n_rows, n_features), float32."""
    n_neighbors: int

    @property
    def n_rows(self) -> int:
        """Number of rows, as many as y has."""
        return int(self.features.shape[0])

    def split(self, train: Rows, held_out: Rows | None) -> Views:
        """Return two views of one graph of all rows."""
        newcomers = np.arange(0) if held_out is None else held_out
        return _two_views(self._graph(self.features, newcomers), train, held_out)

    def fitted(self) -> "TableContext":
        """Return itself: all fitted rows stay context."""
        return self

    def join(self, X: Any, *, adjacency: Any = None, check: Check) -> Graph:
        """Return fitted and new rows; the new ones attend to the fitted ones."""
        _check_kind(self.kind, X, adjacency)
        features = check(X)
        new = self.n_rows + np.arange(features.shape[0])
        return self._graph(stack(self.features, features), new)[new]

    def _graph(self, features: Any, newcomers: Rows) -> Graph:
        return Graph(table_adjacency(features, newcomers, self.n_neighbors), features)


@dataclass(frozen=True, eq=False)
class GraphContext(Context):
    """A graph, or a view of one."""

    kind: ClassVar[str] = "graph"
    view: Graph | None
    """With checked features; None after `fitted`."""

    @property
    def n_rows(self) -> int:
        """Number of rows, as many as y has."""
        return len(self._there())

    def split(self, train: Rows, held_out: Rows | None) -> Views:
        """Return two views of the graph."""
        return _two_views(self._there(), train, held_out)

    def fitted(self) -> Self:
        """Return the same without its graph."""
        return replace(self, view=None)

    def join(self, X: Any, *, adjacency: Any = None, check: Check) -> Graph:
        """Return the view itself with checked features."""
        _check_kind(self.kind, X, adjacency)
        return _checked(X, check)

    def _there(self) -> Graph:
        if self.view is None:
            raise RuntimeError("A fitted context keeps no graph: it can only join.")
        return self.view


@dataclass(frozen=True, eq=False)
class AdjacencyContext(GraphContext):
    """A table and the adjacency over its rows."""

    kind: ClassVar[str] = "adjacency"

    def join(self, X: Any, *, adjacency: Any = None, check: Check) -> Graph:
        """Return the graph of the new rows."""
        _check_kind(self.kind, X, adjacency)
        return _checked(Graph(adjacency, X), check)


@dataclass(frozen=True, eq=False)
class NamedContext(Context):
    """Rows of a DataFrame that name nodes of a graph."""

    kind: ClassVar[str] = "named"
    graph: Graph
    """The user's graph, whole, without its own features."""
    names: Rows
    """(n_rows,) position in the graph of every row's node."""
    features: Any
    """(n_rows, n_features), float32, or None where X held nothing but the key."""

    @classmethod
    def of(cls, X: Any, graph: Graph, check: Check) -> "NamedContext":
        """Find the node of every row of a DataFrame."""
        if graph.nodes is None:
            raise ValueError(
                "graph= joins rows by name, so the graph must have labels, got "
                f'{graph!r}. Use Graph(adjacency, nodes=pd.Index(labels, name="id")).'
            )
        names, columns = named_rows(X, graph.nodes)
        features = check(columns)
        check_repeats(names, features, graph.nodes)
        return cls(graph.base.with_features(None), names, features)

    @property
    def n_rows(self) -> int:
        """Number of rows, as many as y has."""
        return len(self.names)

    def split(self, train: Rows, held_out: Rows | None) -> Views:
        """Return a view of the training rows' graph and one of all rows' graph."""
        if held_out is None or len(held_out) == 0:
            return self._view(self.names, self.features, self.names[train]), None
        seen = np.setdiff1d(np.arange(self.n_rows), held_out)
        features = None if self.features is None else take_rows(self.features, seen)
        return (
            self._view(self.names[seen], features, self.names[train]),
            self._view(self.names, self.features, self.names[held_out]),
        )

    def fitted(self) -> "NamedContext":
        """Return one row per node, sorted as in the graph."""
        names, rows = np.unique(self.names, return_index=True)
        features = None if self.features is None else take_rows(self.features, rows)
        return replace(self, names=names, features=features)

    def join(self, X: Any, *, adjacency: Any = None, check: Check) -> Graph:
        """Return fitted and requested nodes; requested features replace stored ones."""
        _check_kind(self.kind, X, adjacency)
        later = NamedContext.of(X, self.graph, check)
        names = np.concatenate([self.names, later.names])
        features = None
        if self.features is not None:
            features = stack(self.features, later.features)
        return self._view(names, features, later.names)

    def positions(self, X: Any) -> Rows | None:
        """Return the nodes of ``join(X)`` as positions in the user's graph."""
        requested, _ = named_rows(X, self.graph.nodes)
        return np.union1d(self.names, requested)

    def _view(self, names: Rows, features: Any, targets: Rows) -> Graph:
        """Return the graph of the named nodes; the last row about a node counts."""
        row = last_row_of(names, self.graph.n_nodes)
        nodes = np.flatnonzero(row >= 0)
        base = self.graph.subgraph(nodes)
        if features is None:
            features = degree_features(base.adjacency)
        else:
            features = take_rows(features, row[nodes])
        return base.with_features(features)[np.searchsorted(nodes, targets)]


CONTEXTS = (TableContext, AdjacencyContext, GraphContext, NamedContext)
"""The four ways in."""


def _two_views(graph: Graph, train: Rows, held_out: Rows | None) -> Views:
    if held_out is None or len(held_out) == 0:
        return graph[train], None
    return graph[train], graph[held_out]


def _checked(graph: Graph, check: Check) -> Graph:
    features = check(graph.X)
    if features is None:
        features = degree_features(graph.adjacency)
    return graph.with_features(features)


def _check_ways(X: Any, adjacency: Any, graph: Any) -> None:
    if graph is not None and not isinstance(graph, Graph):
        raise TypeError(
            f"graph must be a Graph or None, got {type(graph).__name__}. Use "
            "Graph(adjacency, nodes=...), Graph.from_edges or Graph.from_networkx."
        )
    if isinstance(X, (list, tuple)) and len(X) and isinstance(X[0], Graph):
        raise TypeError(
            "X must be one Graph or a table, got a list of graphs. Lay them side by "
            "side: Graph.union(graphs)."
        )
    if isinstance(X, Graph) and graph is not None:
        raise ValueError(
            "X is a Graph and graph= is set: only one of them can say who attends to "
            "whom. Pass the table of features as X, or set graph=None."
        )
    if adjacency is None:
        return
    if isinstance(X, Graph) or graph is not None:
        raise ValueError(
            "adjacency= goes with a table alone, got also "
            f"{'a Graph as X' if isinstance(X, Graph) else 'graph='}. Pass one of them."
        )
    if isinstance(adjacency, Graph):
        raise TypeError(
            "adjacency must be a matrix, got a Graph. Pass the graph itself as X, "
            "graph.with_features(X) if the features are elsewhere."
        )


_FITTED_ON = {
    "table": ("a table", "Pass a table without adjacency="),
    "adjacency": ("a table with adjacency=", "Pass a table and adjacency= over it"),
    "graph": ("a Graph", "Pass a Graph, for example Graph(adjacency, X)"),
    "named": ("a DataFrame joined to graph=", "Pass a DataFrame of named rows"),
}


def _check_kind(fitted: str, X: Any, adjacency: Any) -> None:
    """Raise unless the input is of the kind that was fitted."""
    if isinstance(X, Graph):
        got, words = "graph", "a Graph"
    elif adjacency is not None:
        got, words = "adjacency", "a table with adjacency="
    else:
        got, words = "table", "a table without adjacency="
    _check_ways(X, adjacency, None)
    if got != ("table" if fitted == "named" else fitted):
        before, remedy = _FITTED_ON[fitted]
        raise ValueError(
            f"This estimator was fitted on {before}, got {words}. {remedy}, or fit "
            "again on this kind of input."
        )
