"""Names of the rows of an estimator's input, with which labels are aligned."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skattn.graph._alignment import aligned, has_index
from skattn.graph._graph import Graph
from skattn.graph._labels import may_be_row_numbers
from skattn.graph._named_parts import names_of


@dataclass(frozen=True, eq=False)
class RowNames:
    """Names of the rows of an estimator's input X."""

    labels: Any
    """pandas Index (n_rows,): labels of the rows' nodes, or None without any."""
    index: Any = None
    """Index (n_rows,) of a DataFrame X or of a graph's features, or None."""
    numbers: NDArray[np.int64] | None = None
    """(n_rows,) positions of the rows in a whole graph, or None."""

    @classmethod
    def of_targets(cls, graph: Graph) -> Self:
        """Return the names of the targets of a graph."""
        labels = names_of(graph)
        if labels is None:
            return cls(None)
        index = graph.X.index[graph.targets] if has_index(graph.X) else None
        return cls(labels[graph.targets], index, graph.targets)

    @classmethod
    def of_table(cls, X: Any, labels: Any) -> Self:
        """Return the names of the rows of a table with these node labels."""
        return cls(labels, X.index if has_index(X) else None)

    def align(self, values: Any, thing: str) -> Any:
        """Return labels or weights of the rows in the order of the rows.

        Only a Series or DataFrame with labels in another order is changed. Raises
        ValueError, with `thing` as the name of the values, if its labels differ.
        """
        if not has_index(values):
            return values
        if self.index is not None and values.index.equals(self.index):
            return values
        if self.numbers is None and self._are_row_numbers(values.index):
            return values
        return aligned(values, self.labels, thing=thing, numbers=self.numbers)

    def _are_row_numbers(self, index: Any) -> bool:
        """Return whether an index numbers rows of a table, which a slice may keep."""
        if self.labels is None or not may_be_row_numbers(index):
            return False
        return not bool(index.isin(self.labels).all())

    def index_rows(self, rows: NDArray[Any]) -> Any:
        """Return rows (n_rows, n_columns) as a DataFrame with the labels as index."""
        import pandas as pd

        return pd.DataFrame(rows, index=self.labels)


def with_named_features(graph: Graph, X: Any) -> Graph:
    """Return a graph with other features; labels of the replaced ones become nodes."""
    return graph._with_features(X, names_of(graph))
