"""Lists of simple graphs: undirected, without weights, loops and labels."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph import Graph
from skattn.graph._adjacency import entry_rows
from skattn.graph._graph_list import whole_graphs
from skattn.graph._union import side_by_side


@dataclass(frozen=True, eq=False)
class SimpleGraphs:
    """Disjoint union of simple graphs."""

    adjacency: sparse.csr_array
    """(n_nodes, n_nodes) symmetric int64 matrix of 0 and 1, its rows sorted."""
    node_ptr: NDArray[np.int64]
    """(n_graphs + 1,): graph g holds the nodes node_ptr[g] to node_ptr[g + 1]."""

    @classmethod
    def of(cls, **lists: Any) -> "SimpleGraphs":
        """Read lists of graphs; weights, loops, features and labels are ignored.

        Raises TypeError if one is not a list of graphs, ValueError if it is empty, a
        graph has no node, is a view of some of its nodes, or is directed.
        """
        checked = {name: nonempty_graphs(some, name) for name, some in lists.items()}
        bare = [
            Graph._trusted(graph.adjacency, None, None, None)
            for some in checked.values()
            for graph in some
        ]
        adjacency, _, _, node_ptr = side_by_side(bare)
        adjacency = adjacency.astype(np.int64)  # a copy
        adjacency.sum_duplicates()
        adjacency.data[:] = entry_rows(adjacency) != adjacency.indices
        adjacency.eliminate_zeros()
        adjacency.indptr = adjacency.indptr.astype(np.int64)
        adjacency.indices = adjacency.indices.astype(np.int64)
        names = [f"{k} of {name}" for name in lists for k in range(len(checked[name]))]
        _check_undirected(adjacency, node_ptr, names)
        return cls(adjacency, node_ptr)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of nodes (n_graphs,) of each graph."""
        return np.diff(self.node_ptr)

    @property
    def graph_of_node(self) -> NDArray[np.int64]:
        """Graph (n_nodes,) of each node."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @property
    def degrees(self) -> NDArray[np.int64]:
        """Degree (n_nodes,) of each node."""
        return np.asarray(np.diff(self.adjacency.indptr), np.int64)


def nonempty_graphs(graphs: Any, name: str) -> list[Graph]:
    """Return a checked list of at least one graph, each of at least one node."""
    listed = whole_graphs(graphs)
    if not listed:
        raise ValueError(
            f"{name} must hold at least one graph, got an empty list. Check how the "
            "graphs were made or selected."
        )
    for number, graph in enumerate(listed):
        if graph.n_nodes == 0:
            raise ValueError(
                f"Every graph must have a node, graph {number} of {name} has none. "
                "Remove it."
            )
    return listed


def _check_undirected(
    adjacency: sparse.csr_array, node_ptr: NDArray[np.int64], names: list[str]
) -> None:
    one_way = sparse.coo_array(adjacency > adjacency.T)
    if not one_way.nnz:
        return
    receiver, sender = one_way.coords[0][0], one_way.coords[1][0]
    graph = int(np.searchsorted(node_ptr, receiver, side="right")) - 1
    start = node_ptr[graph]
    raise ValueError(
        f"Graphs must be undirected, got an edge {receiver - start} → {sender - start} "
        f"without {sender - start} → {receiver - start} in graph {names[graph]}. Use "
        "Graph(adjacency + adjacency.T) to ignore directions."
    )
