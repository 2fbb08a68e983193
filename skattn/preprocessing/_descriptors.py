"""The descriptors of a list of graphs as one table."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph import Graph
from skattn.graph._collection import GraphCollection
from skattn.graph._descriptors import Descriptors
from skattn.graph._frames import column_names
from skattn.graph._graph_list import is_graph_list


@dataclass(frozen=True, eq=False)
class GraphDescriptors:
    """Descriptors of a list of graphs, one row per graph."""

    listed: list[Graph]
    """The graphs."""
    table: Descriptors
    """(n_graphs, n_descriptors)."""

    @classmethod
    def of(cls, X: Any, owner: str) -> "GraphDescriptors":
        """Return the descriptors of the input X of the transformer class `owner`."""
        if not is_graph_list(X):
            raise TypeError(
                f"{owner} needs X to be a list of graphs, got {type(X).__name__}. Use "
                "[graph] for a single one."
            )
        graphs = list(X)
        table = GraphCollection.of(graphs).descriptors
        if table is None:
            raise ValueError(
                f"{owner} needs graphs with descriptors, got {graphs[0]!r}. Use "
                "graph.with_descriptors(...)."
            )
        return cls(graphs, table)

    def in_order(self, names: Any) -> "GraphDescriptors":
        """Return the table in another order of its names; as it is for other names."""
        names = tuple(names)
        if self.table.names is None or set(self.table.names) != set(names):
            return self
        values = self.table.values_in_order(names)
        return GraphDescriptors(self.listed, Descriptors(values, names))

    @property
    def features(self) -> Any:
        """An array, or a DataFrame if descriptors have names and pandas is there."""
        values, names = self.table.values, self.table.names
        if names is None:
            return values
        try:
            import pandas as pd
        except ImportError:
            return values
        return pd.DataFrame(values, columns=list(names))

    @property
    def rows(self) -> NDArray[np.int64]:
        """Positions of all graphs."""
        return np.arange(len(self.listed))

    def labels(self, y: Any) -> Any:
        """Return the labels of the graphs."""
        if y is not None and len(y) != len(self.listed):
            raise ValueError(
                f"y must have one entry per graph ({len(self.listed)}), got {len(y)}. "
                "Select the same rows of graphs and labels."
            )
        return y

    def with_features(self, features: Any) -> list[Graph]:
        """Return the graphs with other descriptors, named as the columns."""
        columns = column_names(features)
        names = None if columns is None else tuple(map(str, columns))
        dense = features.toarray() if sparse.issparse(features) else features
        values = np.asarray(dense, np.float64)
        if values.ndim != 2 or len(values) != len(self.listed):
            raise ValueError(
                "The transformer must return one row per graph "
                f"({len(self.listed)}), got shape {values.shape}. Choose one that "
                "keeps the rows."
            )
        pairs = zip(self.listed, values, strict=True)
        return [
            graph._replaced(descriptors=Descriptors(row, names) if len(row) else None)
            for graph, row in pairs
        ]
