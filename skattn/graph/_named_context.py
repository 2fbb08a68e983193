"""Context of a DataFrame with rows that are matched to nodes by label."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.graph._context import (
    Check,
    Context,
    Place,
    RowKind,
    Rows,
    View,
    Views,
    check_rows,
)
from skattn.graph._descriptors import refuse_descriptors
from skattn.graph._features import degree_features, features_of_degrees, take_rows
from skattn.graph._field import (
    AdjacencyRows,
    Extent,
    ReceptiveField,
    receptive_field,
)
from skattn.graph._graph import Graph
from skattn.graph._input_kind import InputKind, check_kind
from skattn.graph._named_rows import check_repeats, last_row_of, named_rows, stack
from skattn.graph._row_names import RowNames
from skattn.graph._schema import GraphSchema


@dataclass(frozen=True, eq=False)
class NamedContext(Context):
    """Context of a DataFrame with rows that are matched to nodes by label."""

    kind: ClassVar[InputKind] = "named"
    rows: ClassVar[RowKind] = "nodes"
    new_rows_join: ClassVar[bool] = True
    graph: Graph
    """The whole graph, without node features."""
    row_nodes: Rows
    """(n_rows,) position of each row's node in the graph."""
    features: Any
    """(n_rows, n_features), float32, or None if X has labels alone."""

    @classmethod
    def of(cls, X: Any, graph: Graph, check: Check) -> "NamedContext":
        """Create the context of a DataFrame X and a graph with node labels."""
        if graph.nodes is None:
            raise ValueError(
                f"The Graph passed as graph= must have labels, got {graph!r}. Use "
                'Graph(adjacency, nodes=pd.Index(labels, name="id")).'
            )
        refuse_descriptors(graph)
        row_nodes, columns = named_rows(X, graph.nodes)
        features = check(columns)
        check_repeats(row_nodes, features, graph.nodes)
        return cls(graph.base.with_features(None), row_nodes, features)

    @property
    def key_column(self) -> Any:
        """Name of the column that names the nodes, if the labels have a name."""
        return self.graph.nodes.name

    @property
    def n_rows(self) -> int:
        """Number of rows, as many as y has."""
        return len(self.row_nodes)

    def split(self, train: Rows, held_out: Rows | None) -> Views:
        """Return a view of the graph without held-out rows and one of all rows."""
        if held_out is None or len(held_out) == 0:
            return self._view(
                self.row_nodes, self.features, self.row_nodes[train]
            ), None
        seen = np.setdiff1d(np.arange(self.n_rows), held_out)
        features = None if self.features is None else take_rows(self.features, seen)
        return (
            self._view(self.row_nodes[seen], features, self.row_nodes[train]),
            self._view(self.row_nodes, self.features, self.row_nodes[held_out]),
        )

    def fitted(self) -> "NamedContext":
        """Return the context with one row per node, in the order of the nodes."""
        row_nodes, rows = np.unique(self.row_nodes, return_index=True)
        features = None if self.features is None else take_rows(self.features, rows)
        return replace(self, row_nodes=row_nodes, features=features)

    def check_fitted(self, n_features: int, schema: GraphSchema) -> None:  # noqa: ARG002
        """Raise ValueError unless the rows are ascending nodes of a labelled graph."""
        nodes, n_nodes = self.row_nodes, self.graph.n_nodes
        ascending = nodes.ndim == 1 and bool((nodes[1:] > nodes[:-1]).all())
        inside = len(nodes) == 0 or (nodes[0] >= 0 and nodes[-1] < n_nodes)
        if not ascending or not inside or self.graph.nodes is None:
            raise ValueError(f"it has rows that are not ascending nodes of {n_nodes}")
        if self.features is not None:
            check_rows(self.features, len(nodes), schema.n_features)

    def join(self, X: Any, *, adjacency: Any = None, check: Check) -> Graph:
        """Return the fitted nodes and those of X; features of X replace fitted ones."""
        check_kind(self.kind, X, adjacency)
        return self._joined(NamedContext.of(X, self.graph, check))

    def _joined(self, later: "NamedContext") -> Graph:
        row_nodes = np.concatenate([self.row_nodes, later.row_nodes])
        features = None
        if self.features is not None:
            features = stack(self.features, later.features)
        return self._view(row_nodes, features, later.row_nodes)

    def row_names(self, X: Any, adjacency: Any = None) -> RowNames:  # noqa: ARG002
        """Return the labels of the nodes that the rows of X name."""
        row_nodes, _ = named_rows(X, self.graph.nodes)
        return RowNames.of_table(X, self.graph.nodes[row_nodes])

    def field(self, X: Any, extent: Extent, check: Check) -> ReceptiveField | View:
        """Return the receptive field of the nodes of X among these and fitted nodes."""
        check_kind(self.kind, X, None)
        later = NamedContext.of(X, self.graph, check)
        newer = later.fitted()

        def keep(senders: Rows) -> NDArray[np.bool_]:
            known, _ = _lookup(self.row_nodes, senders)
            return known | _lookup(newer.row_nodes, senders)[0]

        rows = AdjacencyRows(self.graph.adjacency, keep)

        def features_of(nodes: Rows) -> Any:
            if self.features is None:
                return features_of_degrees(rows.of(nodes).counts)
            return self._features_of(nodes, newer)

        found = receptive_field(
            rows,
            later.row_nodes,
            extent,
            features_of=features_of,
            whole=self.graph,
        )
        return self._joined(later) if found is None else found

    def _features_of(self, nodes: Rows, newer: "NamedContext") -> Any:
        """Return features of nodes; those of newer rows replace fitted ones."""
        is_newer, at_newer = _lookup(newer.row_nodes, nodes)
        _, at = _lookup(self.row_nodes, nodes)
        features = stack(
            take_rows(self.features, at[~is_newer]),
            take_rows(newer.features, at_newer[is_newer]),
        )
        order = np.argsort(is_newer, kind="stable")
        return take_rows(features, np.argsort(order))

    def placer(self, X: Any, view: View) -> Place:  # noqa: ARG002
        """Return a map of matrices to the positions of the whole graph."""
        requested, _ = named_rows(X, self.graph.nodes)
        nodes, n_nodes = np.union1d(self.row_nodes, requested), self.graph.n_nodes

        def place(matrix: sp.csr_array) -> sp.csr_array:
            entries = matrix.tocoo()
            ends = nodes[entries.row], nodes[entries.col]
            return sp.csr_array((entries.data, ends), shape=(n_nodes, n_nodes))

        return place

    def _view(self, row_nodes: Rows, features: Any, targets: Rows) -> Graph:
        """Return the induced graph of some nodes; the last row of a node is used."""
        row = last_row_of(row_nodes, self.graph.n_nodes)
        nodes = np.flatnonzero(row >= 0)
        base = self.graph.subgraph(nodes)
        if features is None:
            features = degree_features(base.adjacency)
        else:
            features = take_rows(features, row[nodes])
        return base.with_features(features)[np.searchsorted(nodes, targets)]


def _lookup(ascending: Rows, values: Rows) -> tuple[NDArray[np.bool_], Rows]:
    """Return whether values are among distinct ascending ones, and their positions."""
    at = np.searchsorted(ascending, values)
    at[at == len(ascending)] = 0
    return ascending[at] == values, at
