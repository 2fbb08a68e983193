"""Methods that convert edge lists and networkx graphs."""

from typing import Any, Self

from skattn.graph._edge_table import parts_from_edges
from skattn.graph._file_backed import FileBacked
from skattn.graph._networkx import parts_from_networkx, to_networkx
from skattn.graph._node_tables import one_table
from skattn.graph._triple_graph import parts_from_triples, to_triples
from skattn.graph._typed import Typed


class Convertible(Typed, FileBacked):
    """Base class of `Graph` with conversions from and to other forms."""

    @classmethod
    def from_edges(  # noqa: PLR0913
        cls,
        edges: Any,
        X: Any = None,
        *,
        nodes: Any = None,
        directed: bool = True,
        weights: Any = None,
        edge_features: Any = None,
        edge_types: Any = None,
        source: str | None = None,
        target: str | None = None,
        node_types: Any = None,
        descriptors: Any = None,
    ) -> Self:
        """Create a graph from an edge list.

        Parameters
        ----------
        edges : array-like or DataFrame of shape (n_rows, 2)
            In a row (u, v), u attends to v. Entries are node labels or positions from
            0. Duplicate edges are summed, with a warning, unless there are edge
            features or types. A DataFrame may have more columns, see ``source``.
        X : array-like, sparse matrix, DataFrame, dict of these or None
            Node features; row i is node i. The rows of a DataFrame with the labels of
            ``nodes`` as index are aligned with these. A dict has a table for each node
            type, see :class:`Graph`.
        nodes : int, array-like of shape (n_nodes,) or None, default=None
            Number of nodes, or labels in the order of the rows of X. None: the index of
            a DataFrame X if it has a name or is no default index, else row numbers;
            without X, the sorted labels in ``edges`` unless they are integers.
        directed : bool, default=True
            Whether a row is one edge. If False, it is an edge in both directions.
        weights : str, array-like of shape (n_rows,) or None, default=None
            Edge weights or the name of their column in ``edges``; None means 1. A
            Series with the index of a DataFrame ``edges`` is aligned with it.
        edge_features : list of str, array-like of shape (n_rows, k) or None
            Edge features per row of ``edges``, or the names of their columns; a
            DataFrame is aligned as ``weights``.
        edge_types : str, array-like of shape (n_rows,) or None, default=None
            Type of each row, or the name of their column in ``edges``; see
            :class:`Graph`. A Series is aligned as ``weights``.
        source, target : str or None, default=None
            Names of the columns u and v of a DataFrame. None: the columns called source
            and target, src and dst, from and to, or receiver and sender, in any order;
            else the only two columns that ``weights``, ``edge_features`` and
            ``edge_types`` do not name.
        node_types : array-like of shape (n_nodes,) or None, default=None
            Type of each node, see :class:`Graph`.
        descriptors : array-like of shape (n_descriptors,), dict, Series or None
            Numbers that describe the whole graph, see :class:`Graph`.

        Returns
        -------
        Graph
            All nodes are targets.

        Raises
        ------
        ValueError
            If a node in ``edges`` is missing or unknown, the number of nodes is unknown
            or a DataFrame does not determine the two columns.

        Examples
        --------
        >>> from skattn import Graph
        >>> graph = Graph.from_edges([("a", "b"), ("b", "c")], directed=False)
        >>> graph.nodes.tolist(), graph.n_edges
        (['a', 'b', 'c'], 4)
        """
        X, node_types = one_table(X, node_types, nodes)
        return cls._of_parts(
            descriptors=descriptors,
            node_types=node_types,
            **parts_from_edges(
                edges,
                X,
                nodes=nodes,
                directed=directed,
                weights=weights,
                edge_features=edge_features,
                edge_types=edge_types,
                source=source,
                target=target,
            ),
        )

    @classmethod
    def from_triples(
        cls,
        triples: Any,
        X: Any = None,
        *,
        nodes: Any = None,
        node_types: Any = None,
        inverses: bool = True,
    ) -> Self:
        """Create a graph with edge types from the facts of a knowledge graph.

        Parameters
        ----------
        triples : array-like or DataFrame of shape (n_facts, 3)
            Names of head, relation and tail in each row. The head attends to the tail;
            the relation is the type of the edge. Repeated facts are one edge.
        X : array-like, sparse matrix, DataFrame, dict of these or None
            Node features, see :class:`Graph`; row i is node i of ``nodes``.
        nodes : array-like of shape (n_nodes,) or None, default=None
            Labels of the nodes, in the order of the rows of X. None: the index of a
            DataFrame X, else the sorted heads and tails.
        node_types : array-like of shape (n_nodes,) or None, default=None
            Type of each node, see :class:`Graph`.
        inverses : bool, default=True
            Whether each tail attends to its head too, by an edge of the type "^" and
            the name of the relation.

        Returns
        -------
        Graph
            All nodes are targets.

        Raises
        ------
        ValueError
            If there are not three columns, a name is missing or begins with "^" in the
            column of relations, or a head or tail is not among ``nodes``.

        See Also
        --------
        Graph.to_triples : The inverse conversion.
        skattn.AttentionReasoner : Prediction of missing facts.

        Examples
        --------
        >>> from skattn import Graph
        >>> graph = Graph.from_triples([("ann", "knows", "bob")])
        >>> graph
        Graph(n_nodes=2, n_edges=2, n_features=0, n_edge_types=2)
        >>> graph.edge_types.tolist()
        ['knows', '^knows']
        >>> graph.to_triples()
        array([['ann', 'knows', 'bob']], dtype=object)
        """
        X, node_types = one_table(X, node_types, nodes)
        parts = parts_from_triples(triples, X, nodes=nodes, inverses=inverses)
        return cls._of_parts(node_types=node_types, **parts)

    def to_triples(self) -> Any:
        """Return the typed edges as facts: head, relation, tail.

        Returns
        -------
        ndarray of shape (n_facts, 3), object
            Labels of receiver and sender, positions if nodes have none, and between
            them the type. Inverse edges, of a type that begins with "^", are left out.

        Raises
        ------
        ValueError
            If the graph has no edge types.

        See Also
        --------
        skattn.Graph.from_triples : The inverse conversion.
        """
        return to_triples(self)

    @classmethod
    def from_networkx(
        cls,
        graph: Any,
        X: Any = None,
        *,
        node_attributes: list[str] | None = None,
        weight: str | None = "weight",
        edge_attributes: list[str] | None = None,
        graph_attributes: list[str] | None = None,
        edge_types: str | None = None,
        node_types: str | None = None,
    ) -> Self:
        """Create a graph from a networkx graph.

        Parameters
        ----------
        graph : networkx.Graph, DiGraph, MultiGraph or MultiDiGraph
            For an edge u → v, u attends to v; undirected edges are added in both
            directions. Nodes become labels unless they are 0 .. n - 1.
        X : array-like, sparse matrix, DataFrame or None
            Node features in the order of ``graph.nodes``. The rows of a DataFrame with
            the nodes as index are aligned with them.
        node_attributes : list of str or None, default=None
            Node attributes, numbers or vectors, that become the columns of X.
        weight : str or None, default="weight"
            Edge attribute of the weight; 1 for edges without it.
        edge_attributes : list of str or None, default=None
            Edge attributes, numbers or vectors, that become the edge features.
        graph_attributes : list of str or None, default=None
            Attributes of the graph (keys of ``graph.graph``), numbers or vectors, that
            become its descriptors, with names.
        edge_types : str or None, default=None
            Edge attribute of the type, text or a whole number; "key" stands for the
            keys of a multigraph whose edges have no attribute of this name.
        node_types : str or None, default=None
            Node attribute of the type.

        Returns
        -------
        Graph
            All nodes are targets.

        Raises
        ------
        TypeError
            If ``graph`` is not a networkx graph.
        ValueError
            For both ``X`` and ``node_attributes``, and attributes that are missing.

        Examples
        --------
        >>> import networkx as nx
        >>> from skattn import Graph
        >>> Graph.from_networkx(nx.path_graph(3))
        Graph(n_nodes=3, n_edges=4, n_features=0)
        """
        return cls._of_parts(
            **parts_from_networkx(
                graph,
                X,
                node_attributes=node_attributes,
                weight=weight,
                edge_attributes=edge_attributes,
                graph_attributes=graph_attributes,
                edge_types=edge_types,
                node_types=node_types,
            )
        )

    def to_networkx(self) -> Any:
        """Return all nodes and edges as a networkx graph.

        Node attributes are called as the columns of X or ``x0``, ``x1``, ..., edge
        attributes ``weight`` and ``e0``, ``e1``, ..., attributes of the graph as the
        descriptors or ``d0``, ``d1``, ... Types are the attributes ``edge_type`` and
        ``node_type``.

        Returns
        -------
        networkx.DiGraph
            For an edge u → v, u attends to v. A MultiDiGraph for parallel edges.
        """
        return to_networkx(self)

    @classmethod
    def _of_parts(cls, **parts: Any) -> Self:
        """Return a graph of the constructor's arguments, which are checked."""
        raise NotImplementedError
