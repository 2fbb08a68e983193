"""What one call of ``fit`` was given, in six kinds.

A `Context` splits its rows into a training and a held-out view, says what to keep for
later, and joins later rows to it. Nothing after it asks how the graph arrived.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from skattn.graph._collection import GraphCollection
from skattn.graph._features import degree_features, take_rows
from skattn.graph._graph import Graph
from skattn.graph._input_kind import check_kind
from skattn.graph._named_rows import check_repeats, last_row_of, named_rows, stack
from skattn.graph._neighbors import table_adjacency
from skattn.graph._sequences import (
    position_columns,
    read_sequences,
    sequence_graphs,
)

Check = Callable[[Any], Any]
View = Graph | GraphCollection
Views = tuple[View, View | None]
Rows = NDArray[np.int64]


class Context(ABC):
    """The rows of a fit and the graph that they are part of, or the graphs they are."""

    kind: ClassVar[str]
    """How they arrived: "table", "adjacency", "graph", "named", "graphs" or
    "sequences"."""

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
        train : Graph or GraphCollection
            A view with checked features; of a collection where every row is a graph.
        held_out : Graph, GraphCollection or None
            Another of the same kind; None if there are no such rows.
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
    def join(self, X: Any, *, adjacency: Any = None, check: Check) -> View:
        """Return the view whose targets are later rows.

        Parameters
        ----------
        X : Graph, array-like, sparse matrix, DataFrame or list
            Of the kind that was fitted.
        adjacency : matrix of shape (n_rows, n_rows) or None, default=None
            Needed if and only if fit had one.
        check : callable
            As for `resolve`.

        Returns
        -------
        Graph or GraphCollection
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
        check_kind(self.kind, X, adjacency)
        features = check(X)
        new = self.n_rows + np.arange(features.shape[0])
        return self._graph(stack(self.features, features), new)[new]

    def _graph(self, features: Any, newcomers: Rows) -> Graph:
        return Graph(table_adjacency(features, newcomers, self.n_neighbors), features)


@dataclass(frozen=True, eq=False)
class GraphContext(Context):
    """A graph, or a view of one."""

    kind: ClassVar[str] = "graph"
    view: View | None
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

    def join(self, X: Any, *, adjacency: Any = None, check: Check) -> View:
        """Return the view itself with checked features."""
        check_kind(self.kind, X, adjacency)
        graph: Graph = X
        return checked_view(graph, check)

    def _there(self) -> View:
        if self.view is None:
            raise RuntimeError("A fitted context keeps no graph: it can only join.")
        return self.view


@dataclass(frozen=True, eq=False)
class AdjacencyContext(GraphContext):
    """A table and the adjacency over its rows."""

    kind: ClassVar[str] = "adjacency"

    def join(self, X: Any, *, adjacency: Any = None, check: Check) -> Graph:
        """Return the graph of the new rows."""
        check_kind(self.kind, X, adjacency)
        return checked_view(Graph(adjacency, X), check)


@dataclass(frozen=True, eq=False)
class GraphsContext(GraphContext):
    """Many graphs, a row each."""

    kind: ClassVar[str] = "graphs"

    @classmethod
    def of(cls, X: Any, check: Check) -> "GraphsContext":
        """Lay a list of graphs side by side."""
        return cls(checked_view(GraphCollection.of(X), check))

    def join(self, X: Any, *, adjacency: Any = None, check: Check) -> View:
        """Return the new graphs alone: each stands for itself."""
        check_kind(self.kind, X, adjacency)
        return checked_view(GraphCollection.of(X), check)


@dataclass(frozen=True, eq=False)
class SequencesContext(GraphContext):
    """Many sequences, a row each; their positions are nodes."""

    kind: ClassVar[str] = "sequences"
    n_features: int
    """Width of every sequence, before columns for the position join it."""

    @classmethod
    def of(cls, X: Any, check: Check) -> "SequencesContext":
        """Make graphs of sequences and lay them side by side."""
        sequences = read_sequences(X)
        return cls(_positioned(sequences, check), sequences[0].shape[1])

    def join(self, X: Any, *, adjacency: Any = None, check: Check) -> View:
        """Return the new sequences alone: each stands for itself."""
        check_kind(self.kind, X, adjacency)
        sequences = read_sequences(X)
        if sequences[0].shape[1] != self.n_features:
            raise ValueError(
                f"Sequences must have {self.n_features} features, as at fit, got "
                f"{sequences[0].shape[1]}. They are read as (n_steps, n_features); of "
                "the other order use skattn.preprocessing.SequenceGraph(axis=2)."
            )
        return _positioned(sequences, check)


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
        check_kind(self.kind, X, adjacency)
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


CONTEXTS = (
    TableContext,
    AdjacencyContext,
    GraphsContext,
    SequencesContext,
    GraphContext,
    NamedContext,
)
"""The six ways in; a class stands before the one that it extends."""

Viewed = TypeVar("Viewed", Graph, GraphCollection)


def _two_views(view: View, train: Rows, held_out: Rows | None) -> Views:
    if held_out is None or len(held_out) == 0:
        return view[train], None
    return view[train], view[held_out]


def checked_view(view: Viewed, check: Check) -> Viewed:
    """Return the same with checked features; without any it gets those of degrees."""
    graph = view if isinstance(view, Graph) else view.whole
    features = check(graph.X)
    if features is None:
        features = degree_features(graph.adjacency)
    return view.with_features(features)


def _positioned(sequences: list[Any], check: Check) -> GraphCollection:
    """Return checked sequences as graphs, columns for positions behind them."""
    graphs = sequence_graphs(sequences, position=None)
    view = checked_view(GraphCollection.of(graphs), check)
    columns = {n: position_columns(n) for n in {len(steps) for steps in sequences}}
    positions = np.concatenate([columns[len(steps)] for steps in sequences])
    return view.with_features(np.hstack([view.whole.X, positions]))
