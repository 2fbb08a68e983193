"""Links of a graph as labelled pairs, for cross-validation."""

from typing import Any, Literal, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from skattn.graph._arguments import as_count, check_flag
from skattn.graph._data_objects import type_name
from skattn.graph._graph import Graph
from skattn.graph._link_edges import LinkEdges
from skattn.graph._node_names import NodeNames
from skattn.graph._non_links import NonLinks
from skattn.graph._pair_keys import Pairs
from skattn.graph._sides import Sides, are_apart, in_two_colors, sides_of


class Links(NamedTuple):
    """Links and non-links of a graph, and the graph without edges."""

    pairs: NDArray[Any]
    """(n_pairs, 2) names of the nodes of each pair; positions without names."""
    y: NDArray[np.int64]
    """(n_pairs,) 1 for a link, 0 for a non-link."""
    graph: Graph
    """The nodes and their features, without edges."""


def links(
    graph: Graph,
    *,
    negatives: int = 1,
    bipartite: bool | Literal["auto"] = "auto",
    random_state: Any = None,
) -> Links:
    """Return the edges of a graph as labelled pairs, and the graph without edges.

    The pairs are rows that cross-validation can split: pass the graph without edges as
    parameter ``graph`` of a link predictor, so that no held-out link is in its context,
    and ``directed=True`` if the graph is directed.

    Parameters
    ----------
    graph : Graph
        A graph; its self-loops, edge weights, edge features and types are left out. If
        the adjacency is symmetric, an edge is one pair, otherwise each direction is
        one.
    negatives : int, default=1
        Number of pairs without a link, drawn at random, for each link.
    bipartite : bool or "auto", default="auto"
        Whether the nodes are of two kinds, such as users and items: pairs without a
        link are then drawn between nodes of both kinds that have links. True: an edge
        without direction has the kind of the first node of its connected component in
        the first column. "auto": True if no node would be in both columns of the
        links, as for link predictors; in a graph without direction, if all nodes of
        one kind come before those of the other.
    random_state : int, RandomState or None, default=None
        Seed of the draw.

    Returns
    -------
    Links
        Named tuple of ``pairs`` (n_pairs, 2), ``y`` (n_pairs,) with 1 for links and 0
        for others, and ``graph`` without edges. Links come first.

    Raises
    ------
    TypeError
        If `graph` is not a Graph.
    ValueError
        If the graph has no edges or fewer pairs without a link, or is not bipartite
        although it should be.

    See Also
    --------
    skattn.AttentionLinkPredictor : Estimator that takes the pairs.

    Examples
    --------
    >>> from skattn import Graph
    >>> from skattn.graph import links
    >>> path = Graph([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> found = links(path, negatives=0)
    >>> found.pairs
    array([[0, 1],
           [1, 2]])
    >>> found.graph
    Graph(n_nodes=3, n_edges=0, n_features=0)
    """
    if not isinstance(graph, Graph):
        raise TypeError(f"graph must be a Graph, got {type_name(graph)}.")
    n_each = as_count(negatives, "negatives", least=0)
    if bipartite != "auto":
        check_flag(bipartite, "bipartite")
    base, directed = graph.base, not is_symmetric(graph)
    edges = LinkEdges.of_graph(base, directed=directed)
    if not len(edges.pairs):
        raise ValueError(f"graph must have edges between two nodes, got {graph!r}.")
    pairs, sides = _of_two_kinds(edges, bipartite)
    if n_each:
        rng = np.random.default_rng(check_random_state(random_state).randint(2**31))
        others = NonLinks(base.n_nodes, pairs, np.sort(edges.keys), directed, sides)
        pairs = np.concatenate([pairs, others.choose(n_each * len(pairs), rng)])
    y = (np.arange(len(pairs)) < len(edges.pairs)).astype(np.int64)
    return Links(NodeNames.of_graph(base).names(pairs), y, without_edges(base))


def _of_two_kinds(
    edges: LinkEdges,
    bipartite: bool | Literal["auto"],  # noqa: FBT001
) -> tuple[Pairs, Sides | None]:
    """Return the pairs of edges, and their sides if the nodes are of two kinds."""
    pairs, n_nodes = edges.pairs, edges.n_nodes
    if bipartite is True and not edges.directed:
        pairs = in_two_colors(pairs, n_nodes)
    sides = sides_of(pairs, n_nodes)
    if bipartite is False or (bipartite == "auto" and not are_apart(sides)):
        return pairs, None
    both = np.flatnonzero(sides.all(0))
    if len(both):
        raise ValueError(
            "bipartite=True needs a graph whose edges all lead from one kind of nodes "
            f"to the other, got {len(both)} nodes with edges in both directions (the "
            f"first is node {both[0]}). Set bipartite=False."
        )
    return pairs, sides


def is_symmetric(graph: Graph) -> bool:
    """Return whether every edge has a reverse edge."""
    matrix = graph.adjacency
    pattern = sp.csr_array(
        (np.ones(matrix.nnz, np.int8), matrix.indices, matrix.indptr), matrix.shape
    )
    return bool((pattern != pattern.T).nnz == 0)


def without_edges(graph: Graph) -> Graph:
    """Return the nodes of a graph and their features, without types."""
    base = graph.base
    empty = sp.csr_array(base.adjacency.shape, dtype=np.float32)
    return Graph._trusted(empty, base.X, None, base.nodes)
