"""Context of a table, with a k-NN graph."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._context import (
    Check,
    Context,
    Part,
    Place,
    RowKind,
    Rows,
    View,
    Views,
    check_rows,
    two_views,
)
from skattn.graph._features import take_rows
from skattn.graph._field import (
    Extent,
    ReceptiveField,
    Senders,
    is_small,
    receptive_field,
    walk_all,
)
from skattn.graph._graph import Graph
from skattn.graph._input_kind import InputKind, check_kind
from skattn.graph._named_rows import stack
from skattn.graph._neighbor_search import NeighborSearch, SearchMethod
from skattn.graph._neighbors import check_neighbors, neighbor_adjacency
from skattn.graph._schema import GraphSchema

KEPT_FROM = 0.1
"""Share of the fitted rows from which the neighbours of all are computed and kept."""


@dataclass(frozen=True, eq=False)
class TableContext(Context):
    """Context of a table; rows attend to their nearest training rows."""

    kind: ClassVar[InputKind] = "table"
    rows: ClassVar[RowKind] = "table"
    new_rows_join: ClassVar[bool] = True
    features: Any
    """(n_rows, n_features), float64 where float32 would round a value, else float32."""
    n_neighbors: int
    neighbor_search: SearchMethod = "auto"
    column_weights: NDArray[np.float64] | None = None
    """(n_features,) factors of the features in distances; None: all are 1."""

    @property
    def n_rows(self) -> int:
        """Number of rows, as many as y has."""
        return int(self.features.shape[0])

    @property
    def search_method(self) -> str:
        """Method of the search for neighbours, "exact" or "approximate"."""
        return "approximate" if self.search.is_approximate else "exact"

    @cached_property
    def search(self) -> NeighborSearch:
        """Index of all rows, built at its first use."""
        return self._search(self.features)

    @cached_property
    def neighbors(self) -> NDArray[np.int64]:
        """(n_rows, k) nearest other rows of each row, nearest first."""
        return self.search.nearest_others()

    @cached_property
    def adjacency(self) -> sparse.csr_array:
        """(n_rows, n_rows) k-NN graph of all rows; senders in ascending order."""
        rows = np.arange(self.n_rows)
        adjacency = neighbor_adjacency([(rows, self.neighbors)], self.n_rows)
        adjacency.sort_indices()
        return adjacency

    def neighbors_of(self, new_features: Any) -> NDArray[np.int64]:
        """Return the nearest rows of new rows, (n_new, k), from checked features."""
        return self.search.nearest(self._weighted(new_features))

    def neighbors_of_fitted(self, positions: Rows) -> NDArray[np.int64]:
        """Return the nearest other rows of some rows, (n, k), kept or searched."""
        if "neighbors" in vars(self):
            return self.neighbors[positions]
        return self.search.nearest_others(positions)

    def nearest_senders(
        self, adjacency: sparse.csr_array, rows: Rows
    ) -> tuple[Rows, Rows]:
        """Return those rows that have senders, and the nearest sender of each."""
        edges = adjacency[rows]
        n_senders = np.diff(edges.indptr)
        of_row = np.repeat(np.arange(len(rows)), n_senders)
        ends = (rows[of_row], edges.indices)
        here, there = (self._weighted(take_rows(self.features, k)) for k in ends)
        difference = here - there
        squares = (
            difference.multiply(difference)
            if sparse.issparse(difference)
            else (difference**2)
        )
        order = np.lexsort((np.asarray(squares.sum(1)).ravel(), of_row))
        held = n_senders > 0
        return rows[held], edges.indices[order[edges.indptr[:-1][held]]]

    def split(self, train: Rows, held_out: Rows | None) -> Views:
        """Return two views of the k-NN graph of all rows.

        Held-out rows attend to the other rows, and no row attends to them.
        """
        if held_out is None or len(held_out) == 0:
            check_neighbors(self.n_neighbors, self.n_rows)
            adjacency = self.adjacency
        else:
            adjacency = self._adjacency_without(held_out)
        return two_views(Graph(adjacency, self.features), train, held_out)

    def fitted(self) -> "TableContext":
        """Return the context itself, since prediction needs all fitted rows."""
        return self

    def check_fitted(self, n_features: int, schema: GraphSchema) -> None:  # noqa: ARG002
        """Raise ValueError unless there are fitted rows and weights of this width."""
        n_columns = schema.n_features
        check_rows(self.features, max(self.n_rows, 1), n_columns)
        if self.column_weights is not None and not (
            self.column_weights.shape == (n_columns,)
            and (self.column_weights > 0).all()
        ):
            raise ValueError(f"it has no positive weights of {n_columns} columns")
        if self.n_neighbors < 1:
            raise ValueError(f"it has {self.n_neighbors} neighbours of a row")

    def join(self, X: Any, *, adjacency: Any = None, check: Check) -> Graph:
        """Return a view with the rows of X as targets, which attend to fitted rows."""
        check_kind(self.kind, X, adjacency)
        return self._joined(check(X, keep_precision=True))

    def _joined(self, new_features: Any) -> Graph:
        n_new = new_features.shape[0]
        new = self.n_rows + np.arange(n_new)
        blocks = [
            (np.arange(self.n_rows), self.neighbors),
            (new, self.neighbors_of(new_features)),
        ]
        features = stack(self.features, new_features)
        return Graph(neighbor_adjacency(blocks, self.n_rows + n_new), features)[new]

    def field(self, X: Any, extent: Extent, check: Check) -> ReceptiveField | View:
        """Return the receptive field of the rows of X, which attend to fitted rows."""
        check_kind(self.kind, X, None)
        new_features = check(X, keep_precision=True)
        n_new = new_features.shape[0]
        if is_small((self.n_rows + n_new) * (1 + self.n_neighbors)):
            return self._joined(new_features)

        def features_of(nodes: Rows) -> Any:
            return stack(new_features, take_rows(self.features, nodes[n_new:]))

        found = receptive_field(
            JoinedRows(self, self.neighbors_of(new_features)),
            self.n_rows + np.arange(n_new),
            extent,
            features_of=features_of,
        )
        return self._joined(new_features) if found is None else found

    def part(self, X: Any, extent: Extent, check: Check) -> Part:
        """Return a view of the rows of X and the fitted rows around them."""
        check_kind(self.kind, X, None)
        new_features = check(X, keep_precision=True)
        n_new, n_fitted = new_features.shape[0], self.n_rows
        n_nodes = n_fitted + n_new
        if is_small(n_nodes * (1 + self.n_neighbors)):
            return Part(self._joined(new_features))
        rows = JoinedRows(self, self.neighbors_of(new_features))
        new, position = n_fitted + np.arange(n_new), np.zeros(n_nodes, np.int64)
        found = walk_all(rows, new, extent.radius, position)
        adjacency = found.adjacency(rows.weights(found.edges.entries))
        order = np.argsort(found.nodes)  # new rows are last
        nodes = found.nodes[order]
        n_old = len(nodes) - n_new
        features = stack(take_rows(self.features, nodes[:n_old]), new_features)
        ordered = sparse.csr_array(adjacency[order][:, order])
        ordered.sort_indices()
        graph = Graph._trusted(ordered, features, None, None)
        return Part(graph[n_old:], nodes)

    def placer(self, X: Any, view: View) -> Place:  # noqa: ARG002
        """Return a function that selects the rows of the targets."""
        targets = view.targets
        return lambda matrix: matrix[targets]

    def _search(self, features: Any) -> NeighborSearch:
        rows = self._weighted(features)
        return NeighborSearch(rows, self.n_neighbors, self.neighbor_search)

    def _weighted(self, features: Any) -> Any:
        """Return features times the weights of their columns, in their precision."""
        if self.column_weights is None:
            return features
        return (features * self.column_weights).astype(features.dtype)

    def _adjacency_without(self, held_out: Rows) -> sparse.csr_array:
        """Return the adjacency of all rows to rows that are not held out."""
        others = np.setdiff1d(np.arange(self.n_rows), held_out)
        if len(others):
            check_neighbors(self.n_neighbors, len(others))
        search = self._search(self.features[others])
        blocks = [
            (others, others[search.nearest_others()]),
            (held_out, others[search.nearest(self._weighted(self.features[held_out]))]),
        ]
        return neighbor_adjacency(blocks, self.n_rows)


@dataclass(frozen=True, eq=False)
class JoinedRows:
    """Senders of fitted rows and of the new rows that follow them."""

    context: TableContext
    """The fitted rows."""
    neighbors: NDArray[np.int64]
    """(n_new, k) fitted rows nearest to each new row."""
    size: ClassVar[float] = np.inf
    """Number of nodes and edges, infinite if the whole is never evaluated."""
    is_weighted: ClassVar[bool] = False
    """Whether a weight differs from 1."""

    @property
    def n_nodes(self) -> int:
        """Number of fitted and new rows."""
        return self.context.n_rows + len(self.neighbors)

    def count(self, receivers: Rows) -> int:
        """Return an upper bound of the edges of some rows, without reading."""
        return len(receivers) * self.context.n_neighbors

    def of(self, receivers: Rows) -> Senders:
        """Return the edges of some rows, the new ones first."""
        n_fitted = self.context.n_rows
        n_new = np.count_nonzero(receivers >= n_fitted)
        of_new = self.neighbors[receivers[:n_new] - n_fitted]
        if n_new == len(receivers):
            return _senders([of_new])
        return _senders([of_new, self._neighbors_of_fitted(receivers[n_new:])])

    def _neighbors_of_fitted(self, receivers: Rows) -> Rows:
        if len(receivers) > KEPT_FROM * self.context.n_rows:
            return self.context.neighbors[receivers]
        return self.context.neighbors_of_fitted(receivers)

    def weights(self, entries: Rows) -> NDArray[np.float32]:
        """Return the weights of some edges, which are ones."""
        return np.ones(len(entries), np.float32)


def _senders(neighbors: list[Rows]) -> Senders:
    """Return the edges of rows to neighbours, each array (n, k)."""
    counts = [np.full(len(nearest), nearest.shape[1]) for nearest in neighbors]
    senders = np.concatenate([nearest.ravel() for nearest in neighbors])
    entries = np.zeros(len(senders), np.int64)  # there is nothing to look up
    return Senders(np.concatenate(counts), senders, entries)
