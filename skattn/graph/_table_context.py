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
    Place,
    RowKind,
    Rows,
    View,
    Views,
    two_views,
)
from skattn.graph._graph import Graph
from skattn.graph._input_kind import InputKind, check_kind
from skattn.graph._named_rows import stack
from skattn.graph._neighbor_search import NeighborSearch, SearchMethod
from skattn.graph._neighbors import check_neighbors, neighbor_adjacency
from skattn.graph._precision import as_float32


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

    @property
    def n_rows(self) -> int:
        """Number of rows, as many as y has."""
        return int(self.features.shape[0])

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
        return self.search.nearest(new_features)

    def neighbors_of_fitted(self, positions: Rows) -> NDArray[np.int64]:
        """Return the nearest other rows of some rows, (n, k), kept or searched."""
        if "neighbors" in vars(self):
            return self.neighbors[positions]
        return self.search.nearest_others(positions)

    def split(self, train: Rows, held_out: Rows | None) -> Views:
        """Return two views of the k-NN graph of all rows.

        Held-out rows attend to the other rows, and no row attends to them.
        """
        if held_out is None or len(held_out) == 0:
            check_neighbors(self.n_neighbors, self.n_rows)
            adjacency = self.adjacency
        else:
            adjacency = self._adjacency_without(held_out)
        return two_views(Graph(adjacency, as_float32(self.features)), train, held_out)

    def fitted(self) -> "TableContext":
        """Return the context itself, since prediction needs all fitted rows."""
        return self

    def join(self, X: Any, *, adjacency: Any = None, check: Check) -> Graph:
        """Return a view with the rows of X as targets, which attend to fitted rows."""
        check_kind(self.kind, X, adjacency)
        new_features = check(X, keep_precision=True)
        n_new = new_features.shape[0]
        new = self.n_rows + np.arange(n_new)
        blocks = [
            (np.arange(self.n_rows), self.neighbors),
            (new, self.neighbors_of(new_features)),
        ]
        features = stack(as_float32(self.features), as_float32(new_features))
        return Graph(neighbor_adjacency(blocks, self.n_rows + n_new), features)[new]

    def placer(self, X: Any, view: View) -> Place:  # noqa: ARG002
        """Return a function that selects the rows of the targets."""
        targets = view.targets
        return lambda matrix: matrix[targets]

    def _search(self, features: Any) -> NeighborSearch:
        return NeighborSearch(features, self.n_neighbors, self.neighbor_search)

    def _adjacency_without(self, held_out: Rows) -> sparse.csr_array:
        """Return the adjacency of all rows to rows that are not held out."""
        others = np.setdiff1d(np.arange(self.n_rows), held_out)
        if len(others):
            check_neighbors(self.n_neighbors, len(others))
        search = self._search(self.features[others])
        blocks = [
            (others, others[search.nearest_others()]),
            (held_out, others[search.nearest(self.features[held_out])]),
        ]
        return neighbor_adjacency(blocks, self.n_rows)
