"""Types of the edges and nodes of a graph, as attributes."""

from typing import TYPE_CHECKING, Any, Self

from numpy.typing import NDArray

from skattn.graph._types import GraphTypes, Types, as_types

if TYPE_CHECKING:
    from scipy import sparse


class Typed:
    """Base class of `Graph` with types of edges and nodes."""

    _types: GraphTypes
    """Types of edges and nodes."""

    @property
    def edge_types(self) -> NDArray[Any] | None:
        """Type of each edge, (n_edges,) in CSR order, text or int64, or None."""
        return _values(self._types.edges)

    @property
    def node_types(self) -> NDArray[Any] | None:
        """Type of each node, (n_nodes,), text or int64, or None."""
        return _values(self._types.nodes)

    @property
    def n_edge_types(self) -> int:
        """Number of edge types, 0 without any."""
        return _count(self._types.edges)

    @property
    def n_node_types(self) -> int:
        """Number of node types, 0 without any."""
        return _count(self._types.nodes)

    def with_types(self, *, edge_types: Any = None, node_types: Any = None) -> Self:
        """Return the same graph with other types.

        Parameters
        ----------
        edge_types : array-like of shape (n_edges,) or None, default=None
            Type of each edge in CSR order, text or whole numbers. None for no types:
            parallel edges without edge features are then summed.
        node_types : array-like of shape (n_nodes,) or None, default=None
            Type of each node, targets and context; None for no types.

        Returns
        -------
        Graph
            Graph with the same nodes, features and targets.

        Raises
        ------
        TypeError
            If types are not text or whole numbers.
        ValueError
            If there is not one type per edge or node, or one is missing.

        Examples
        --------
        >>> from skattn import Graph
        >>> graph = Graph([[0, 1], [1, 0]]).with_types(edge_types=["cites", "uses"])
        >>> graph.edge_types.tolist(), graph.n_edge_types
        (['cites', 'uses'], 2)
        """
        base: Any = self
        adjacency: sparse.csr_array = base.adjacency
        n_nodes, n_edges = adjacency.shape[0], adjacency.nnz
        types = GraphTypes(
            as_types(edge_types, n_edges, "edge_types", "edge"),
            as_types(node_types, n_nodes, "node_types", "node"),
        )
        if types.edges is None and base.edge_features is None:
            adjacency = _summed(adjacency)
        made: Self = base._replaced(adjacency=adjacency, types=types)
        return made


def _summed(adjacency: Any) -> Any:
    """Return the adjacency without parallel edges."""
    if adjacency.has_canonical_format:
        return adjacency
    summed = adjacency.copy()
    summed.sum_duplicates()
    return summed


def _values(types: Types | None) -> NDArray[Any] | None:
    return None if types is None else types.values


def _count(types: Types | None) -> int:
    return 0 if types is None else len(types.names)
