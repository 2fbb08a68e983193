"""Graphs of nodes, edges and target nodes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._adjacency import cut_adjacency, has_weights
from skattn.graph._alignment import aligned
from skattn.graph._conversions import Convertible
from skattn.graph._descriptors import Descriptors, as_descriptors
from skattn.graph._features import (
    as_features,
    features_of_all,
    n_features_of,
    size_of,
    take_rows,
)
from skattn.graph._file_backed import MappedFile
from skattn.graph._named_parts import named_parts, names_of
from skattn.graph._row_keys import distinct, unique_positions
from skattn.graph._types import NO_TYPES, GraphTypes
from skattn.graph._union import union_parts


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Graph(Convertible):
    """Immutable graph with node features, edge features, types and target nodes.

    Its rows are the target nodes, by default all nodes. A slice ``graph[rows]``, as in
    cross-validation, is a view with other targets, in which all nodes remain context.

    Parameters
    ----------
    adjacency : sparse or dense matrix of shape (n_nodes, n_nodes)
        ``adjacency[i, j] != 0``: receiver i attends to sender j. The value is the edge
        weight, finite and not negative; its logarithm is added to the attention score.
        Duplicate entries are summed unless there are edge features or types. The
        columns of a DataFrame are aligned with its index, whose labels become the node
        labels.
    X : array-like, sparse matrix, DataFrame, dict of these or None
        Node features, kept as given; row i is node i. The rows of a DataFrame with the
        labels of the nodes as index are aligned with the nodes. A dict has a table for
        each node type, with columns of its own, which are zeros for other nodes.
    edge_features : array-like of shape (n_entries, n_edge_features) or None
        Edge features in the order of the stored entries (dense: nonzeros by rows).
    nodes : array-like of shape (n_nodes,) or None
        Unique node labels, preferably a named pandas Index. Estimators with ``graph=``
        match the rows of a DataFrame to nodes by these labels.
    descriptors : array-like of shape (n_descriptors,), dict, Series or None
        Numbers that describe the whole graph, such as a temperature; the keys of a dict
        and the index of a Series are their names. In a list of graphs, estimators
        append them to the readout.
    edge_types : array-like of shape (n_entries,) or None
        Type of each stored entry, in the order of ``edge_features``: text or whole
        numbers, such as the relation of two nodes. Entries of the same nodes stay
        parallel edges.
    node_types : array-like of shape (n_nodes,) or None
        Type of each node, text or whole numbers. None for a dict ``X``: all nodes of
        its first type come first, then those of the second, and so on.

    Raises
    ------
    TypeError
        If ``adjacency`` is not a numeric matrix, or types not text or whole numbers.
    ValueError
        If shapes do not match, a weight is negative, a weight or an edge feature is
        not finite, or node labels are not unique or differ between the arguments.

    See Also
    --------
    Graph.from_edges : A graph from an edge list.
    Graph.from_triples : A graph from the facts of a knowledge graph.
    Graph.from_networkx : A graph from networkx.
    skattn.graph.knn_graph : The k-NN graph of the rows of a table.
    skattn.graph.graphs_from_smiles : Graphs of molecules.

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
    """Adjacency of shape (n_nodes, n_nodes), float32, sorted, without stored zeros."""
    X: Any
    """Node features of shape (n_nodes, n_features), as given, or None."""
    edge_features: NDArray[np.float32] | None
    """Edge features of shape (n_edges, n_edge_features) in CSR order, or None."""
    nodes: Any
    """Node labels, a pandas Index of shape (n_nodes,), or None."""
    targets: NDArray[np.int64]
    """Positions of the target nodes, shape (n_targets,); all nodes except in a view."""
    _descriptors: Descriptors | None = None
    """Descriptors with their names, or None."""
    _types: GraphTypes = NO_TYPES
    """Types of edges and nodes."""
    _base: "Graph | None" = None
    """Base graph of a view, or None."""
    _file: MappedFile | None = None
    """The memory-mapped file, or None."""

    def __init__(
        self,
        adjacency: Any,
        X: Any = None,
        *,
        edge_features: Any = None,
        nodes: Any = None,
        descriptors: Any = None,
        edge_types: Any = None,
        node_types: Any = None,
    ) -> None:
        parts = named_parts(adjacency, X, edge_features, nodes, edge_types, node_types)
        self._set(**parts, descriptors=as_descriptors(descriptors))

    def _set(
        self,
        adjacency: sparse.csr_array,
        X: Any,
        edge_features: NDArray[np.float32] | None,
        nodes: Any,
        targets: NDArray[np.int64] | None = None,
        base: "Graph | None" = None,
        descriptors: Descriptors | None = None,
        types: GraphTypes = NO_TYPES,
    ) -> None:
        """Set the fields of the frozen dataclass; targets are all nodes by default."""
        if targets is None:
            targets = np.arange(adjacency.shape[0])
        vars(self).update(
            adjacency=adjacency,
            X=X,
            edge_features=edge_features,
            nodes=nodes,
            targets=targets.astype(np.int64, copy=False),
            _descriptors=descriptors,
            _types=types,
            _base=base,
        )

    @classmethod
    def _of_parts(cls, **parts: Any) -> Self:
        """Return a graph of the constructor's arguments."""
        return cls(**parts)

    @classmethod
    def _trusted(cls, *parts: Any, **named: Any) -> Self:
        """Return a graph of checked parts, the arguments of `_set`."""
        graph = object.__new__(cls)
        graph._set(*parts, **named)
        return graph

    def _replaced(self, **parts: Any) -> Self:
        """Return the same graph and targets with other parts, arguments of `_set`."""
        base = self.base
        whole = self._trusted(
            **{
                "adjacency": base.adjacency,
                "X": base.X,
                "edge_features": base.edge_features,
                "nodes": base.nodes,
                "targets": base.targets,
                "descriptors": base._descriptors,
                "types": base._types,
                **parts,
            }
        )
        return whole[self.targets] if self.is_view else whole

    @staticmethod
    def union(graphs: Iterable["Graph"]) -> "Graph":
        """Return the disjoint union of graphs.

        Parameters
        ----------
        graphs : iterable of Graph
            Graphs with equal features, without descriptors; all or none have edge
            features, types, and labels.

        Returns
        -------
        Graph
            Its targets are the targets of the graphs.

        Examples
        --------
        >>> from skattn import Graph
        >>> Graph.union([Graph([[0, 1], [0, 0]]), Graph([[1]])])
        Graph(n_nodes=3, n_edges=2, n_features=0)
        """
        *parts, types, targets = union_parts(graphs)
        whole = Graph._trusted(*parts, types=types)
        return whole if np.array_equal(targets, whole.targets) else whole[targets]

    @property
    def n_nodes(self) -> int:
        """Number of nodes, targets and context."""
        return int(self.adjacency.shape[0])

    @property
    def n_edges(self) -> int:
        """Number of edges, each in one direction."""
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
    def descriptors(self) -> NDArray[np.float64] | None:
        """Descriptors of the graph, shape (n_descriptors,), or None."""
        return None if self._descriptors is None else self._descriptors.values

    @property
    def descriptor_names(self) -> tuple[str, ...] | None:
        """Names of the descriptors, or None."""
        return None if self._descriptors is None else self._descriptors.names

    @property
    def n_descriptors(self) -> int:
        """Number of descriptors, 0 without any."""
        return 0 if self._descriptors is None else self._descriptors.width

    @property
    def is_weighted(self) -> bool:
        """Whether an edge weight differs from 1."""
        return has_weights(self.adjacency)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of targets and number of node features."""
        return len(self.targets), self.n_features

    def _view(self, targets: NDArray[np.int64]) -> Self:
        parts = (self.adjacency, self.X, self.edge_features, self.nodes)
        own = self.base, self._descriptors, self._types
        return self._trusted(*parts, targets, *own)

    def subgraph(self, nodes: Any = None) -> "Graph":
        """Return the induced subgraph of some nodes.

        Parameters
        ----------
        nodes : array-like of int or bool, or None, default=None
            Unique positions of nodes, in the order of the result, or a mask. None means
            the target nodes, each once.

        Returns
        -------
        Graph
            All nodes are targets; descriptors are kept.

        Raises
        ------
        IndexError
            If a position is out of bounds.
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
            descriptors=self._descriptors,
            types=self._types.take(edges, nodes),
        )

    def with_features(self, X: Any) -> "Graph":
        """Return the same graph with other node features.

        Parameters
        ----------
        X : array-like, sparse matrix, DataFrame or None
            Features of all nodes, targets and context. The rows of a DataFrame with
            the labels of the nodes as index are aligned with the nodes.

        Returns
        -------
        Graph
            Graph with the same adjacency, labels and targets.

        Raises
        ------
        ValueError
            If ``X`` does not have one row per node, or its labels differ.
        """
        return self._with_features(X, self.nodes)

    def _with_features(self, X: Any, nodes: Any) -> "Graph":
        """Return the same graph with other node features and labels."""
        X = features_of_all(as_features(X), self.n_nodes)
        X = aligned(X, names_of(self), thing="X")
        return self._replaced(X=X, nodes=nodes)

    def with_descriptors(self, descriptors: Any) -> "Graph":
        """Return the same graph with other descriptors.

        Parameters
        ----------
        descriptors : array-like of shape (n_descriptors,), dict, Series or None
            Numbers that describe the whole graph; the keys of a dict and the index of a
            Series, such as a row of a DataFrame, are their names.

        Returns
        -------
        Graph
            Graph with the same nodes, edges and targets.

        Raises
        ------
        TypeError
            If a descriptor is not a number, or a name not text.
        ValueError
            If descriptors are not one-dimensional, or names not unique.

        Examples
        --------
        >>> from skattn import Graph
        >>> graph = Graph([[0, 1], [1, 0]]).with_descriptors({"kelvin": 298.15})
        >>> graph.descriptors, graph.descriptor_names
        (array([298.15]), ('kelvin',))
        """
        return self._replaced(descriptors=as_descriptors(descriptors))

    def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[Any]:
        if dtype is not None and np.dtype(dtype) == object:
            holder = np.empty((), dtype=object)
            holder[()] = self
            return holder
        raise ValueError(
            "A Graph cannot be converted to an array, since its edges would be lost. "
            "Apply transformers to the node features with "
            "skattn.preprocessing.NodeTransformer, pass a table and the estimator's "
            "graph=, or use graph.X, the features alone."
        )

    def __sizeof__(self) -> int:
        parts = (
            self.adjacency,
            self.X,
            self.edge_features,
            self.targets,
            self.descriptors,
            *self._types.arrays,
        )
        return sum(map(size_of, parts))

    def _counts(self) -> dict[str, int]:
        names = ["n_nodes", "n_edges", "n_features"]
        if self.edge_features is not None:
            names.append("n_edge_features")
        names += [
            name
            for name in ("n_descriptors", "n_edge_types", "n_node_types")
            if getattr(self, name)
        ]
        return {name: getattr(self, name) for name in names}
