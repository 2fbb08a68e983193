"""Context of a table, with a k-NN graph."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skattn.graph._context import (
    Check,
    Context,
    Place,
    RowKind,
    Rows,
    View,
    Views,
    check_rows,
    two_views,
)
from skattn.graph._graph import Graph
from skattn.graph._input_kind import InputKind, check_kind
from skattn.graph._named_rows import stack
from skattn.graph._neighbors import table_adjacency


@dataclass(frozen=True, eq=False)
class TableContext(Context):
    """Context of a table; rows attend to their nearest training rows."""

    kind: ClassVar[InputKind] = "table"
    rows: ClassVar[RowKind] = "table"
    new_rows_join: ClassVar[bool] = True
    features: Any
    """(n_rows, n_features), float32."""
    n_neighbors: int

    @property
    def n_rows(self) -> int:
        """Number of rows, as many as y has."""
        return int(self.features.shape[0])

    def split(self, train: Rows, held_out: Rows | None) -> Views:
        """Return two views of the k-NN graph of all rows."""
        new_rows = np.arange(0) if held_out is None else held_out
        return two_views(self._graph(self.features, new_rows), train, held_out)

    def fitted(self) -> "TableContext":
        """Return the context itself, since prediction needs all fitted rows."""
        return self

    def check_fitted(self, n_features: int) -> None:
        """Raise ValueError unless there are fitted rows of this width."""
        check_rows(self.features, max(self.n_rows, 1), n_features)
        if self.n_neighbors < 1:
            raise ValueError(f"it has {self.n_neighbors} neighbours of a row")

    def join(self, X: Any, *, adjacency: Any = None, check: Check) -> Graph:
        """Return a view with the rows of X as targets, which attend to fitted rows."""
        check_kind(self.kind, X, adjacency)
        features = check(X)
        new = self.n_rows + np.arange(features.shape[0])
        return self._graph(stack(self.features, features), new)[new]

    def placer(self, X: Any, view: View) -> Place:  # noqa: ARG002
        """Return a function that selects the rows of the targets."""
        targets = view.targets
        return lambda matrix: matrix[targets]

    def _graph(self, features: Any, new_rows: Rows) -> Graph:
        return Graph(table_adjacency(features, new_rows, self.n_neighbors), features)
