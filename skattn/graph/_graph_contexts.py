"""Contexts of a graph, a table with adjacency, and lists of graphs."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from skattn.graph._collection import GraphCollection
from skattn.graph._context import (
    Check,
    Context,
    RowKind,
    Rows,
    View,
    Views,
    checked_view,
    two_views,
)
from skattn.graph._descriptors import refuse_descriptors, refuse_infinite_descriptors
from skattn.graph._features import features_of_degrees, take_rows
from skattn.graph._field import (
    AdjacencyRows,
    Extent,
    ReceptiveField,
    receptive_field,
)
from skattn.graph._graph import Graph
from skattn.graph._input_kind import InputKind, check_kind
from skattn.graph._row_names import RowNames
from skattn.graph._square_frame import nodes_of_rows


@dataclass(frozen=True, eq=False)
class GraphContext(Context):
    """Context of a Graph; its rows are the target nodes."""

    kind: ClassVar[InputKind] = "graph"
    rows: ClassVar[RowKind] = "nodes"
    view: View | None
    """Graph or view with checked features; None in a `fitted` context."""

    @property
    def n_rows(self) -> int:
        """Number of rows, as many as y has."""
        return len(self._fit_view())

    def split(self, train: Rows, held_out: Rows | None) -> Views:
        """Return the views of training and held-out rows."""
        return two_views(self._fit_view(), train, held_out)

    def fitted(self) -> Self:
        """Return the context without its graph."""
        return replace(self, view=None)

    def join(self, X: Any, *, adjacency: Any = None, check: Check) -> View:
        """Return X with checked features."""
        check_kind(self.kind, X, adjacency)
        refuse_descriptors(X)
        graph: Graph = X
        return checked_view(graph, check)

    def field(self, X: Any, extent: Extent, check: Check) -> ReceptiveField | View:
        """Return the receptive field of the targets of X, with checked features."""
        if self.kind != "graph" or not isinstance(X, Graph):
            return self.join(X, check=check)
        refuse_descriptors(X)
        rows = AdjacencyRows(X.adjacency)

        def features_of(nodes: Rows) -> Any:
            features = check(None if X.X is None else take_rows(X.X, nodes))
            if features is None:
                features = features_of_degrees(rows.of(nodes).counts)
            return features

        found = receptive_field(
            rows,
            X.targets,
            extent,
            features_of=features_of,
            whole=X,
        )
        return checked_view(X, check) if found is None else found

    def join_validation(self, X: Any, X_fit: Any, check: Check) -> View:
        """Return a view of the fitted graph if X is a slice of it, else as `join`."""
        graphs = isinstance(X, Graph) and isinstance(X_fit, Graph)
        if graphs and X.base is X_fit.base:  # then both share one batch
            return self._fit_view().base[X.targets]
        return self.join(X, check=check)

    def row_names(self, X: Any, adjacency: Any = None) -> RowNames:  # noqa: ARG002
        """Return the labels of the targets of a Graph X."""
        return RowNames.of_targets(X) if isinstance(X, Graph) else RowNames(None)

    def _fit_view(self) -> View:
        if self.view is None:
            raise RuntimeError("A fitted context has no graph: it can only join.")
        return self.view


@dataclass(frozen=True, eq=False)
class AdjacencyContext(GraphContext):
    """Context of a table and an adjacency matrix over its rows."""

    kind: ClassVar[InputKind] = "adjacency"
    needs_adjacency: ClassVar[bool] = True

    @classmethod
    def of(cls, X: Any, adjacency: Any, check: Check) -> "AdjacencyContext":
        """Create the context of a table and an adjacency, aligned with it by name."""
        return cls(_graph_of_rows(X, adjacency, check))

    def join(self, X: Any, *, adjacency: Any = None, check: Check) -> Graph:
        """Return the graph of the new rows."""
        check_kind(self.kind, X, adjacency)
        return _graph_of_rows(X, adjacency, check)

    def row_names(self, X: Any, adjacency: Any = None) -> RowNames:
        """Return the labels of a DataFrame `adjacency`, in the order of X."""
        return RowNames.of_table(X, nodes_of_rows(X, adjacency))


def _graph_of_rows(X: Any, adjacency: Any, check: Check) -> Graph:
    """Return the graph of a table and an adjacency, its nodes in the table's order."""
    graph = Graph(adjacency, X, nodes=nodes_of_rows(X, adjacency))
    return checked_view(graph, check)


@dataclass(frozen=True, eq=False)
class GraphsContext(GraphContext):
    """Context of a list of graphs; each graph is a row."""

    kind: ClassVar[InputKind] = "graphs"
    rows: ClassVar[RowKind] = "graphs"

    @classmethod
    def of(cls, X: Any, check: Check) -> "GraphsContext":
        """Create the context of a list of graphs."""
        return cls(_checked_collection(X, check))

    def join(self, X: Any, *, adjacency: Any = None, check: Check) -> View:
        """Return a collection of the graphs of X."""
        check_kind(self.kind, X, adjacency)
        return _checked_collection(X, check)


def _checked_collection(graphs: Any, check: Check) -> GraphCollection:
    """Return a collection with checked features and descriptors."""
    collection = GraphCollection.of(graphs)
    refuse_infinite_descriptors(collection.descriptors)
    return checked_view(collection, check)
