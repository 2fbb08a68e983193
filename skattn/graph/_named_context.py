"""Context of a DataFrame with rows that join a graph by node label."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp

from skattn.graph._context import Check, Context, Place, RowKind, Rows, View, Views
from skattn.graph._features import degree_features, take_rows
from skattn.graph._graph import Graph
from skattn.graph._input_kind import InputKind, check_kind
from skattn.graph._named_rows import check_repeats, last_row_of, named_rows, stack


@dataclass(frozen=True, eq=False)
class NamedContext(Context):
    """Context of a DataFrame with rows that name nodes of a graph."""

    kind: ClassVar[InputKind] = "named"
    rows: ClassVar[RowKind] = "nodes"
    new_rows_join: ClassVar[bool] = True
    graph: Graph
    """The user's graph, whole, without its own features."""
    names: Rows
    """(n_rows,) position of each row's node in the graph."""
    features: Any
    """(n_rows, n_features), float32, or None where X holds only labels."""

    @classmethod
    def of(cls, X: Any, graph: Graph, check: Check) -> "NamedContext":
        """Make the context of a DataFrame: look up the node of each row."""
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
        """Return the context with one row per node, in the order of the graph."""
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

    def placer(self, X: Any, view: View) -> Place:  # noqa: ARG002
        """Return the function that places a matrix in the rows of the whole graph."""
        requested, _ = named_rows(X, self.graph.nodes)
        nodes, n_nodes = np.union1d(self.names, requested), self.graph.n_nodes

        def place(matrix: sp.csr_array) -> sp.csr_array:
            entries = matrix.tocoo()
            ends = nodes[entries.row], nodes[entries.col]
            return sp.csr_array((entries.data, ends), shape=(n_nodes, n_nodes))

        return place

    def _view(self, names: Rows, features: Any, targets: Rows) -> Graph:
        """Return the graph of the named nodes; the last row of a node is used."""
        row = last_row_of(names, self.graph.n_nodes)
        nodes = np.flatnonzero(row >= 0)
        base = self.graph.subgraph(nodes)
        if features is None:
            features = degree_features(base.adjacency)
        else:
            features = take_rows(features, row[nodes])
        return base.with_features(features)[np.searchsorted(nodes, targets)]
