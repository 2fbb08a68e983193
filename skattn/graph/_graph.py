"""Graphs: a frozen record of nodes, edges and target nodes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._adjacency import canonical_adjacency, cut_adjacency
from skattn.graph._edge_table import parts_from_edges
from skattn.graph._features import (
    as_features,
    features_of_all,
    n_features_of,
    size_of,
    take_rows,
)
from skattn.graph._file_backed import FileBacked
from skattn.graph._labels import as_labels
from skattn.graph._networkx import parts_from_networkx, to_networkx
from skattn.graph._row_keys import distinct, unique_positions
from skattn.graph._union import union_parts


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Graph(FileBacked):
    """Graph: edges, node features, node labels and target nodes.

    A frozen record. Slicing by rows, as scikit-learn's splitters and searches do, gives
    a view: the same arrays with other targets.

    Parameters
    ----------
    adjacency : sparse or dense matrix of shape (n_nodes, n_nodes)
        ``adjacency[i, j] != 0``: node i attends to node j. The value is the edge
        weight, a prior: finite and not negative; stored zeros are removed. Duplicate
        entries are summed unless there are edge features.
    X : array-like, sparse matrix, DataFrame or None
        Node features, kept as given; row i is node i.
    edge_features : array-like of shape (n_entries, n_edge_features) or None
        Edge features, in the order of the stored entries (dense: nonzeros by rows).
    nodes : array-like of shape (n_nodes,) or None
        Unique labels of the nodes, preferably a named pandas Index, by which rows of
        a DataFrame can join the graph.

    Raises
    ------
    TypeError
        If `adjacency` is not a numeric matrix.
    ValueError
        If shapes do not fit each other, a weight or an edge feature is not finite, a
        weight is negative, or labels are not unique.

    See Also
    --------
    skattn.graph.knn_graph : The k-NN graph of the rows of a table.

    Examples
    --------
    >>> import numpy as np
    >>> from skattn import Graph
    >>> adjacency = [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    >>> graph = Graph(adjacency, np.eye(3))
    >>> graph
    Graph(n_nodes=3, n_edges=4, n_features=3)
    >>> graph[[0, 2]]
    Graph(n_nodes=3, n_edges=4, n_features=3, n_targets=2)
    """

    adjacency: sparse.csr_array
    """float32 (n_nodes, n_nodes), sorted within a row, without stored zeros; int32
    indices, int64 where n_edges needs it."""
    X: Any
    """(n_nodes, n_features), as given, or None."""
    edge_features: NDArray[np.float32] | None
    """(n_edges, n_edge_features), in the order of `adjacency`'s entries, or None."""
    nodes: Any
    """pandas Index (n_nodes,), or None."""
    targets: NDArray[np.int64]
    """(n_targets,) positions of the target nodes; all nodes unless this is a view."""
    _base: "Graph | None" = None
    """Base graph of a view, or None."""
    _file: tuple[str, str] | None = None
    """Name and stamp of the file that the arrays are mapped from, or None."""

    def __init__(
        self,
        adjacency: Any,
        X: Any = None,
        *,
        edge_features: Any = None,
        nodes: Any = None,
    ) -> None:
        X = as_features(X)
        adjacency, edge_features = canonical_adjacency(
            adjacency, edge_features, n_rows=None if X is None else X.shape[0]
        )
        nodes = as_labels(nodes, adjacency.shape[0])
        self._set(adjacency, X, edge_features, nodes)

    def _set(
        self,
        adjacency: sparse.csr_array,
        X: Any,
        edge_features: NDArray[np.float32] | None,
        nodes: Any,
        targets: NDArray[np.int64] | None = None,
        base: "Graph | None" = None,
    ) -> None:
        """Set the frozen fields; targets are all nodes by default."""
        if targets is None:
            targets = np.arange(adjacency.shape[0])
        vars(self).update(
            adjacency=adjacency,
            X=X,
            edge_features=edge_features,
            nodes=nodes,
            targets=targets.astype(np.int64, copy=False),
            _base=base,
        )

    @classmethod
    def _trusted(cls, *parts: Any) -> Self:
        """Return a graph of parts that were checked before, as `_set` takes them."""
        graph = object.__new__(cls)
        graph._set(*parts)
        return graph

    @classmethod
    def from_edges(
        cls,
        edges: Any,
        X: Any = None,
        *,
        nodes: Any = None,
        directed: bool = True,
        weights: Any = None,
        edge_features: Any = None,
    ) -> Self:
        """Make a graph from an edge list.

        Parameters
        ----------
        edges : array-like or DataFrame of shape (n_rows, 2)
            A row (u, v): u attends to v. Entries are labels in `nodes` or, without
            labels, positions from 0. Of a DataFrame the first two columns are read.
        X : array-like, sparse matrix, DataFrame or None
            Node features; row i is node i.
        nodes : int, array-like of shape (n_nodes,) or None, default=None
            Labels in the order of the rows of X, or the number of nodes. None: index of
            a DataFrame X unless it is an unnamed 0 .. n - 1, else positions of its
            rows; without X the labels that occur, sorted, if they are not integers.
        directed : bool, default=True
            Whether a row is one edge; if False, it is two, one in each direction.
        weights : str, array-like of shape (n_rows,) or None, default=None
            Edge weights, or the column of `edges` that holds them; None means 1.
        edge_features : list of str, array-like of shape (n_rows, k) or None
            Edge features per row of `edges`, or the columns of `edges` that hold them.

        Returns
        -------
        Graph
            The whole graph.

        Raises
        ------
        ValueError
            If an edge names an unknown node, or the number of nodes is unknown.

        Examples
        --------
        >>> from skattn import Graph
        >>> Graph.from_edges([(0, 1), (1, 2)], nodes=3, directed=False)
        Graph(n_nodes=3, n_edges=4, n_features=0)
        """
        return cls(
            **parts_from_edges(
                edges,
                X,
                nodes=nodes,
                directed=directed,
                weights=weights,
                edge_features=edge_features,
            )
        )

    @classmethod
    def from_networkx(
        cls,
        graph: Any,
        X: Any = None,
        *,
        node_attributes: list[str] | None = None,
        weight: str | None = "weight",
        edge_attributes: list[str] | None = None,
    ) -> Self:
        """Make a graph from a networkx graph.

        An edge u → v: u attends to v; an undirected edge becomes one per direction.

        Parameters
        ----------
        graph : networkx.Graph, DiGraph, MultiGraph or MultiDiGraph
            Its nodes become the labels, in its order (none if they are 0 .. n - 1).
        X : array-like, sparse matrix, DataFrame or None
            Node features in the order of the nodes of `graph`.
        node_attributes : list of str or None, default=None
            Numeric node attributes that become the columns of X.
        weight : str or None, default="weight"
            The edge attribute that holds the weight; 1 where an edge has none.
        edge_attributes : list of str or None, default=None
            Numeric edge attributes that become the edge features.

        Returns
        -------
        Graph
            The whole graph.

        Raises
        ------
        TypeError
            If `graph` is no networkx graph.
        ValueError
            If both `X` and `node_attributes` are given, or an attribute is missing.
        """
        return cls(
            **parts_from_networkx(
                graph,
                X,
                node_attributes=node_attributes,
                weight=weight,
                edge_attributes=edge_attributes,
            )
        )

    def to_networkx(self) -> Any:
        """Return the whole graph as a networkx graph.

        Node features become attributes named as the columns of a DataFrame or
        ``x0``, ``x1``, ...; edge features ``e0``, ``e1``, ...; weights ``weight``.

        Returns
        -------
        networkx.DiGraph
            Edges u → v where u attends to v, between labels or positions. A
            MultiDiGraph if there are parallel edges.
        """
        return to_networkx(self)

    @staticmethod
    def union(graphs: Iterable["Graph"]) -> "Graph":
        """Return the disjoint union of graphs.

        Parameters
        ----------
        graphs : iterable of Graph
            Graphs with equal features; all or none with edge features and with labels.

        Returns
        -------
        Graph
            The disjoint union; its targets are those of the graphs.

        Raises
        ------
        ValueError
            If there is no graph, or their features differ in number or kind.

        Examples
        --------
        >>> from skattn import Graph
        >>> Graph.union([Graph([[0, 1], [0, 0]]), Graph([[1]])])
        Graph(n_nodes=3, n_edges=2, n_features=0)
        """
        *parts, targets = union_parts(list(graphs))
        whole = Graph._trusted(*parts)
        return whole if np.array_equal(targets, whole.targets) else whole[targets]

    @property
    def n_nodes(self) -> int:
        """Number of nodes of the whole graph."""
        return int(self.adjacency.shape[0])

    @property
    def n_edges(self) -> int:
        """Number of edges of the whole graph."""
        return int(self.adjacency.nnz)

    @property
    def n_features(self) -> int:
        """Number of node features, 0 without any."""
        return n_features_of(self.X)

    @property
    def n_edge_features(self) -> int:
        """Number of edge features, 0 without any."""
        return 0 if self.edge_features is None else self.edge_features.shape[1]

    @property
    def is_weighted(self) -> bool:
        """Whether some edge weight differs from 1."""
        weights = self.adjacency.data
        return len(weights) > 0 and bool(weights.min() != 1 or weights.max() != 1)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of targets and number of node features."""
        return len(self.targets), self.n_features

    def _view(self, targets: NDArray[np.int64]) -> Self:
        parts = (self.adjacency, self.X, self.edge_features, self.nodes)
        return self._trusted(*parts, targets, self.base)

    def subgraph(self, nodes: Any = None) -> "Graph":
        """Return the subgraph that some nodes induce.

        Parameters
        ----------
        nodes : array-like of int or bool, or None, default=None
            Unique positions in the whole graph, in the order of the result, or a mask.
            None: the targets, each once, in order of appearance.

        Returns
        -------
        Graph
            The subgraph; its targets are all its nodes.

        Raises
        ------
        IndexError
            If a position is not in the graph.
        ValueError
            If a position is given twice.

        Examples
        --------
        >>> from skattn import Graph
        >>> graph = Graph([[0, 1, 2], [0, 0, 3], [0, 0, 0]])
        >>> graph.subgraph([2, 0]).adjacency.toarray()
        array([[0., 0.],
               [2., 0.]], dtype=float32)
        """
        if nodes is None:
            nodes = distinct(self.targets)
        else:
            nodes = unique_positions(nodes, self.n_nodes)
        adjacency, edges = cut_adjacency(self.adjacency, nodes)
        return self._trusted(
            adjacency,
            None if self.X is None else take_rows(self.X, nodes),
            None if self.edge_features is None else self.edge_features[edges],
            None if self.nodes is None else self.nodes[nodes],
        )

    def with_features(self, X: Any) -> "Graph":
        """Return the same graph with other node features.

        Parameters
        ----------
        X : array-like, sparse matrix, DataFrame or None
            Features of all nodes of the whole graph, also if this is a view.

        Returns
        -------
        Graph
            Graph with the same adjacency, labels and targets; a view if this is one.

        Raises
        ------
        ValueError
            If `X` has another number of rows than the graph has nodes.
        """
        X = features_of_all(as_features(X), self.n_nodes)
        parts = (self.adjacency, X, self.edge_features, self.nodes)
        whole = self._trusted(*parts, self.base.targets)
        return whole[self.targets] if self.is_view else whole

    def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[Any]:
        if dtype is not None and np.dtype(dtype) == object:
            holder = np.empty((), dtype=object)
            holder[()] = self
            return holder
        raise ValueError(
            "A Graph cannot become an array: its edges would be lost. Use a step that "
            "takes graphs (skattn.preprocessing.NodeTransformer wraps transformers of "
            "node features), or pass a table and the estimator's graph=; graph.X holds "
            "the features alone."
        )

    def __sizeof__(self) -> int:
        parts = (self.adjacency, self.X, self.edge_features, self.targets)
        return sum(map(size_of, parts))

    def _counts(self) -> dict[str, int]:
        names = ["n_nodes", "n_edges", "n_features"]
        if self.edge_features is not None:
            names.append("n_edge_features")
        return {name: getattr(self, name) for name in names}
