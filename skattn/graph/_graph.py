"""The graph record: what a user hands over, and views on it."""

import copyreg
import os
from collections.abc import Iterable
from dataclasses import dataclass
from operator import getitem
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._adjacency import canonical_adjacency, cut_adjacency
from skattn.graph._edge_table import parts_from_edges
from skattn.graph._features import as_features, n_features_of, size_of, take_rows
from skattn.graph._labels import as_labels
from skattn.graph._networkx import parts_from_networkx, to_networkx
from skattn.graph._row_keys import row_key, unique_positions
from skattn.graph._storage import Stored, load_graph, save_graph
from skattn.graph._union import union_parts


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Graph:
    """Nodes, who attends to whom among them, and the nodes one asks about.

    A graph is a record that is never changed. Slicing it by rows, as scikit-learn's
    splitters and searches slice any X, gives a view: the same arrays, other targets.

    Parameters
    ----------
    adjacency : sparse or dense matrix of shape (n_nodes, n_nodes)
        ``adjacency[i, j] != 0`` means that node i attends to node j. The value is a
        weight, a prior on the edge: it is finite and not negative, and a stored zero
        is no edge. Duplicate entries are summed unless there are edge features.
    X : array-like, sparse matrix, DataFrame or None
        Node features, kept as given; row i is node i.
    edge_features : array-like of shape (n_entries, n_edge_features) or None
        Numbers per edge, in the order in which `adjacency` stores its entries (a dense
        one: its nonzeros, row by row).
    nodes : array-like of shape (n_nodes,) or None
        One label per node, each once; best a pandas Index with a name, by which the
        rows of other tables can join the graph.

    Attributes
    ----------
    adjacency : csr_array of shape (n_nodes, n_nodes)
        float32 weights and int32 indices (int64 where n_edges needs it), sorted within
        a row, without stored zeros.
    X : array, sparse matrix, DataFrame or None
        The node features of the whole graph.
    edge_features : ndarray of shape (n_edges, n_edge_features) or None
        float32, in the order of the entries of `adjacency`.
    nodes : pandas.Index of shape (n_nodes,) or None
        The labels of the whole graph.
    targets : ndarray of shape (n_targets,), int64
        The positions of the nodes that a view asks about.

    Raises
    ------
    TypeError
        If `adjacency` is no matrix of numbers.
    ValueError
        If shapes do not fit each other, or a weight or an edge feature is not finite,
        a weight is negative, or a label is there twice.

    See Also
    --------
    skattn.graph.knn_graph : A graph of the nearest rows of a table.

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
    """float32 (n_nodes, n_nodes): row attends to column."""
    X: Any
    """(n_nodes, n_features), as given, or None."""
    edge_features: NDArray[np.float32] | None
    """(n_edges, n_edge_features), or None."""
    nodes: Any
    """pandas Index (n_nodes,), or None."""
    targets: NDArray[np.int64]
    """(n_targets,) positions of nodes."""
    _whole: "Graph | None"
    """The graph that this is a view of, or None."""
    _file: tuple[str, str] | None = None
    """Name and stamp of the file that the arrays are mapped from, or None."""

    __iter__: ClassVar[None] = None

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
        labels = as_labels(nodes, adjacency.shape[0])
        targets = np.arange(adjacency.shape[0])
        self._set(adjacency, X, edge_features, labels, targets)

    def _set(
        self,
        adjacency: sparse.csr_array,
        X: Any,
        edge_features: NDArray[np.float32] | None,
        nodes: Any,
        targets: NDArray[np.int64],
        whole: "Graph | None" = None,
    ) -> None:
        object.__setattr__(self, "adjacency", adjacency)
        object.__setattr__(self, "X", X)
        object.__setattr__(self, "edge_features", edge_features)
        object.__setattr__(self, "nodes", nodes)
        object.__setattr__(self, "targets", targets.astype(np.int64, copy=False))
        object.__setattr__(self, "_whole", whole)

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
        """Make a graph of a table of edges.

        Parameters
        ----------
        edges : array-like or DataFrame of shape (n_rows, 2)
            A row (u, v) says that u attends to v. The entries are labels out of
            `nodes` or, without labels, positions from 0. Of a DataFrame the first two
            columns count.
        X : array-like, sparse matrix, DataFrame or None
            Node features; row i is node i.
        nodes : int, array-like of shape (n_nodes,) or None, default=None
            The labels of the nodes, in the order of the rows of X, or their number.
            None: the index of X if X is a DataFrame whose index is more than a count,
            else the positions of the rows of X; without X the labels that occur,
            sorted, if they are no integers.
        directed : bool, default=True
            False: every row stands for both directions.
        weights : str, array-like of shape (n_rows,) or None, default=None
            Edge weights, or the column of `edges` that holds them; None means 1.
        edge_features : list of str, array-like of shape (n_rows, k) or None
            Numbers per row of `edges`, or the columns of `edges` that hold them.

        Returns
        -------
        Graph
            The whole graph.

        Raises
        ------
        ValueError
            If an edge names an unknown node, or the number of nodes is not known.

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
        """Make a graph of a networkx graph.

        An edge u → v says that u attends to v; an undirected one goes both ways.

        Parameters
        ----------
        graph : networkx.Graph, DiGraph, MultiGraph or MultiDiGraph
            Its nodes become the labels, in its order (none if they are 0 .. n - 1).
        X : array-like, sparse matrix, DataFrame or None
            Node features in the order of the nodes of `graph`.
        node_attributes : list of str or None, default=None
            Numeric node attributes that become the columns of X instead.
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
            Edges u → v where u attends to v, over the labels or, without labels,
            the positions. A MultiDiGraph if there are parallel edges.
        """
        return to_networkx(self)

    @staticmethod
    def union(graphs: Iterable["Graph"]) -> "Graph":
        """Lay graphs side by side in one.

        Parameters
        ----------
        graphs : iterable of Graph
            All with as many features, all or none with edge features and with labels.
            The targets of views are kept.

        Returns
        -------
        Graph
            No edge leads from one of them to another.

        Raises
        ------
        ValueError
            If there is no graph, or their features differ in number or kind.

        Examples
        --------
        >>> from skattn import Graph
        >>> Graph.union([Graph([[0, 1], [0, 0]]), Graph([[1]])]).adjacency.toarray()
        array([[0., 1., 0.],
               [0., 0., 0.],
               [0., 0., 1.]], dtype=float32)
        """
        *parts, targets = union_parts(list(graphs))
        whole = Graph._trusted(*parts, np.arange(parts[0].shape[0]))
        if np.array_equal(targets, whole.targets):
            return whole
        return whole[targets]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the graph to a file without pickle: plain arrays and JSON.

        Features may be an array of numbers, a sparse matrix (which becomes a CSR one)
        or a DataFrame of numeric columns; labels, a frame's index and its column names
        numbers, dates or text. A view is written whole, with its targets.

        Parameters
        ----------
        path : str or os.PathLike
            Where; an existing file is replaced once the new one is complete.

        Raises
        ------
        TypeError
            If features or labels have no plain form, such as columns of objects.

        See Also
        --------
        Graph.load : Reads or maps the file.
        """
        save_graph(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, mmap: bool = True) -> "Graph":
        """Read a graph that :meth:`save` wrote, or map it into memory.

        Parameters
        ----------
        path : str or os.PathLike
            The file.
        mmap : bool, default=True
            Whether the arrays are read-only memory maps: the system reads pages of the
            file when they are looked at and forgets them when memory is short, and
            processes share them. The file must not be written to in place; to replace
            it by `save` is safe. Labels of text are always read. False: everything is
            read and compared with the checksums in the file.

        Returns
        -------
        Graph
            As it was saved. One that is mapped is pickled as the name of its file.

        Raises
        ------
        ValueError
            If the file is damaged, of another version or not ours. Of mapped arrays
            the sizes are checked, not what they hold.

        Examples
        --------
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from skattn import Graph
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "pair.graph")
        ...     Graph([[0, 1], [1, 0]]).save(path)
        ...     Graph.load(path)
        Graph(n_nodes=2, n_edges=2, n_features=0)
        """
        parts, stamp = load_graph(path, mmap=mmap)
        graph = graph_of(parts)
        if mmap:
            object.__setattr__(graph.base, "_file", (os.path.abspath(path), stamp))
        return graph

    @property
    def base(self) -> "Graph":
        """The whole graph: the graph itself unless it is a view."""
        return self if self._whole is None else self._whole

    @property
    def is_view(self) -> bool:
        """Whether this is a slice of another graph."""
        return self._whole is not None

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

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, key: Any) -> "Graph":
        parts = (self.adjacency, self.X, self.edge_features, self.nodes)
        targets = self.targets[row_key(key)]
        return self._trusted(*parts, targets, self.base)

    def subgraph(self, nodes: Any = None) -> "Graph":
        """Cut out some nodes with the edges among them.

        Parameters
        ----------
        nodes : array-like of int or bool, or None, default=None
            Positions in the whole graph, each once, in the order wanted, or a mask.
            None: the targets, each once, in order of appearance.

        Returns
        -------
        Graph
            A whole graph of its own.

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
            _, first = np.unique(self.targets, return_index=True)
            nodes = self.targets[np.sort(first)]
        else:
            nodes = unique_positions(nodes, self.n_nodes)
        adjacency, edges = cut_adjacency(self.adjacency, nodes)
        return self._trusted(
            adjacency,
            None if self.X is None else take_rows(self.X, nodes),
            None if self.edge_features is None else self.edge_features[edges],
            None if self.nodes is None else self.nodes[nodes],
            np.arange(len(nodes)),
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
            With the same adjacency, labels and targets; a view if this is one.

        Raises
        ------
        ValueError
            If `X` has another number of rows than the graph has nodes.
        """
        X = as_features(X)
        if X is not None and X.shape[0] != self.n_nodes:
            raise ValueError(
                f"X must have one row per node of the whole graph ({self.n_nodes}), "
                f"got {X.shape[0]} rows. Features of the targets alone do not do: "
                "transform graph.X as a whole."
            )
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
            "node features), or pass a table and the estimator's graph= instead; "
            "graph.X holds the features alone."
        )

    def __sklearn_clone__(self) -> Self:
        return self

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle; of a mapped graph the name of its file."""
        if self.base._file is None:
            return copyreg.__newobj__, (type(self),), vars(self)  # type: ignore[attr-defined]
        if self.is_view:
            return getitem, (self.base, self.targets)
        return _load_again, self._file

    def __sizeof__(self) -> int:
        adjacency = self.adjacency
        arrays = (adjacency.data, adjacency.indices, adjacency.indptr, self.targets)
        features = 0 if self.edge_features is None else self.edge_features.nbytes
        return sum(array.nbytes for array in arrays) + features + size_of(self.X)

    def __repr__(self) -> str:
        counts = {
            "n_nodes": self.n_nodes,
            "n_edges": self.n_edges,
            "n_features": self.n_features,
        }
        if self.edge_features is not None:
            counts["n_edge_features"] = self.n_edge_features
        if self.is_view:
            counts["n_targets"] = len(self.targets)
        return f"Graph({', '.join(f'{name}={n}' for name, n in counts.items())})"


def graph_of(parts: Stored) -> Graph:
    """Return the graph, or the view of it, that was stored."""
    *whole, targets = parts
    graph = Graph._trusted(*whole, np.arange(parts.adjacency.shape[0]))
    return graph if targets is None else graph[targets]


def _load_again(path: str, stamp: str) -> Graph:
    """Map the file of a pickled graph, if it still is the same."""
    graph = Graph.load(path).base
    assert graph._file is not None
    if graph._file[1] != stamp:
        raise ValueError(
            f"{path!r} must still be the file that the pickled graph was mapped from, "
            "but it was replaced. Load the new one, or keep files that pickles are "
            "about; Graph.load(path, mmap=False) gives a graph whose pickles stand "
            "alone."
        )
    return graph
