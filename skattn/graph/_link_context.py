"""Context of pairs: the graph of the fitted links."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.graph._adjacency import entry_rows
from skattn.graph._context import RowKind, check_rows
from skattn.graph._graph import Graph
from skattn.graph._link_edges import LinkEdges
from skattn.graph._node_names import NodeNames
from skattn.graph._pair_features import (
    N_DIRECTED,
    N_SYMMETRIC,
    PairFeatures,
    unit_rows,
)
from skattn.graph._pair_keys import Pairs, contains, pair_keys
from skattn.graph._ragged_range import ragged_range
from skattn.graph._schema import GraphSchema
from skattn.graph._standardization import Standardization

NO_FEATURES = Standardization.identity(0)
"""Standardisation of no columns."""
N_FOLDS = 10
"""Number of parts of the known links; a known pair is predicted without its part."""


@dataclass(frozen=True, eq=False)
class LinkContext:
    """Graph of the fitted links and of other given edges.

    An edge joins both nodes of a link, in both directions. A prediction about a pair
    must not depend on the edge of this pair, see :meth:`without`.
    """

    kind: ClassVar[Literal["pairs"]] = "pairs"
    rows: ClassVar[RowKind] = "pairs"
    description: ClassVar[str] = "pairs of nodes"
    has_many_graphs: ClassVar[bool] = False
    search_method: ClassVar[None] = None

    graph: Graph
    """All nodes and edges, without node features; edge features are those of
    :class:`LinkEdges`."""
    features: Any
    """(n_nodes, n_features) node features, float32."""
    names: NodeNames
    """Names of the nodes."""
    directed: bool
    """Whether a link differs from its reverse."""
    has_features: bool
    """Whether node features were given; otherwise they are the identity matrix."""
    sides: np.ndarray | None
    """(2, n_nodes) nodes that can be source, and target; None for all nodes."""
    row_scaling: Standardization
    """Standardisation of the features of rows, which are also columns of the edges."""

    @classmethod
    def of(
        cls,
        edges: LinkEdges,
        features: Any,
        names: NodeNames,
        sides: NDArray[np.bool_] | None = None,
        row_scaling: Standardization = NO_FEATURES,
    ) -> "LinkContext":
        """Make the context of some edges; `features` is None without any."""
        has_features = features is not None
        if features is None:
            features = sp.eye_array(edges.n_nodes, format="csr", dtype=np.float32)
        graph = edges.graph()
        directed = edges.directed
        return cls(graph, features, names, directed, has_features, sides, row_scaling)

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return self.graph.n_nodes

    @property
    def n_row_features(self) -> int:
        """Number of features of a row, beside both nodes."""
        return len(self.row_scaling.mean)

    @property
    def n_pair_features(self) -> int:
        """Number of features of a pair: structural ones and those of its row."""
        structural = N_SYMMETRIC + N_DIRECTED * self.directed + self.has_features
        return structural + self.n_row_features

    def check_fitted(self, n_features: int, schema: GraphSchema) -> None:
        """Raise ValueError unless nodes, features and names fit together."""
        if n_features != 2 + self.n_row_features:
            raise ValueError("it must have one scale per column of the pairs")
        check_rows(self.features, self.n_nodes, schema.n_features)
        self.names.check()
        if self.names.n_nodes != self.n_nodes:
            raise ValueError(f"it must have names of {self.n_nodes} nodes")
        sides = self.sides
        shape = (2, self.n_nodes)
        if sides is not None and not (sides.dtype == bool and sides.shape == shape):
            raise ValueError(f"it must have two masks of {self.n_nodes} nodes")

    def without(self, pairs: Pairs) -> Graph:
        """Return the graph without the edges of some pairs, in both directions."""
        keys = pair_keys(pairs, self.n_nodes, directed=False)
        return self._without(np.unique(keys))

    def without_fold(self, fold: int) -> Graph:
        """Return the graph without a part of the known links; all of it for -1."""
        return self._without(
            self._known[fold::N_FOLDS] if fold >= 0 else self._known[:0]
        )

    def folds(self, pairs: Pairs) -> NDArray[np.int64]:
        """Return the part of each known pair, or of its reverse; -1 for other pairs."""
        keys = pair_keys(pairs, self.n_nodes, directed=False)
        known = contains(self._known, keys)
        return np.where(known, np.searchsorted(self._known, keys) % N_FOLDS, -1)

    def are_links(self, pairs: Pairs) -> NDArray[np.bool_]:
        """Return whether pairs are edges of the context."""
        keys = pair_keys(pairs, self.n_nodes, directed=self.directed)
        return contains(self.link_keys, keys)

    @cached_property
    def link_keys(self) -> NDArray[np.int64]:
        """Ascending keys of the edges."""
        matrix = self.graph.adjacency if not self.directed else self.forward(self.graph)
        return np.unique(self._keys_of(matrix, directed=self.directed))

    def scaled(self, features: NDArray[np.float64]) -> NDArray[np.float32]:
        """Standardise features of rows, (n_rows, n_row_features)."""
        return np.asarray(self.row_scaling.apply(features), np.float32)

    def pair_features(self, graph: Graph) -> PairFeatures:
        """Prepare the structural features of pairs in a result of :meth:`without`."""
        forward = self.forward(graph) if self.directed else None
        return PairFeatures.of(graph.adjacency, forward, self._unit_rows)

    @staticmethod
    def forward(graph: Graph) -> sp.csr_array:
        """Return the directed edges of a graph, 0/1."""
        assert graph.edge_features is not None
        data = (graph.edge_features[:, 0] > 0).astype(np.float64)
        matrix = graph.adjacency
        parts = data, matrix.indices, matrix.indptr
        found = sp.csr_array(parts, shape=matrix.shape, copy=True)
        found.eliminate_zeros()
        return found

    @cached_property
    def _unit_rows(self) -> Any:
        return unit_rows(self.features) if self.has_features else None

    @cached_property
    def _known(self) -> NDArray[np.int64]:
        """Ascending keys of the edges, equal for both directions."""
        return np.unique(self._edge_keys[0])

    @cached_property
    def _edge_keys(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Ascending keys of stored entries, and the positions of these."""
        keys = self._keys_of(self.graph.adjacency, directed=False)
        order = np.argsort(keys, kind="stable")
        return keys[order], order

    def _keys_of(self, matrix: sp.csr_array, *, directed: bool) -> NDArray[np.int64]:
        entries = np.stack([entry_rows(matrix), matrix.indices], 1)
        return pair_keys(entries, self.n_nodes, directed=directed)

    def _without(self, hidden: NDArray[np.int64]) -> Graph:
        """Return the graph without the edges of ascending keys."""
        if not len(hidden):
            return self.graph
        keys, order = self._edge_keys
        low, high = (np.searchsorted(keys, hidden, side) for side in ("left", "right"))
        keep = np.ones(len(keys), bool)
        keep[order[ragged_range(low, high - low)]] = False
        return cut_edges(self.graph, keep)


def cut_edges(graph: Graph, keep: NDArray[np.bool_]) -> Graph:
    """Return a graph with some of its edges, a mask of the stored entries."""
    matrix = graph.adjacency
    before = np.concatenate([[0], np.cumsum(keep)])
    indptr = before[matrix.indptr].astype(matrix.indptr.dtype)
    parts = matrix.data[keep], matrix.indices[keep], indptr
    features = None if graph.edge_features is None else graph.edge_features[keep]
    adjacency = sp.csr_array(parts, shape=matrix.shape)
    types = graph._types.take(np.flatnonzero(keep))
    return Graph._trusted(adjacency, graph.X, features, graph.nodes, types=types)
