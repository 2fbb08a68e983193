"""Nodes around the rows of a table or the targets of a graph."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph import Graph
from skattn.graph._context import Check, Context
from skattn.graph._features import take_rows
from skattn.graph._field import AdjacencyRows, Extent, Neighbourhoods, Walk, walk
from skattn.graph._graph_contexts import AdjacencyContext, GraphContext
from skattn.graph._input_kind import check_kind
from skattn.graph._named_context import NamedContext
from skattn.graph._named_rows import stack
from skattn.graph._neighbors import check_neighbors
from skattn.graph._table_context import JoinedRows, TableContext

Nodes = NDArray[np.int64]


class Cut(NamedTuple):
    """Part of a graph around some rows."""

    nodes: Nodes
    """(n_nodes,) positions in the whole graph."""
    adjacency: sparse.csr_array
    """(n_nodes, n_nodes), without self-loops; complete for the walks of the rows."""
    rows: Nodes
    """(n_rows,) row of `nodes` of each row; repeated where rows are of one node."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Rows among the nodes of a graph, with which they share edges."""

    edges: Neighbourhoods
    """Senders of every node."""
    targets: Nodes
    """(n_rows,) node of each row."""
    features_of: Callable[[Nodes], Any]
    """Function from nodes to their features (n_nodes, n_features), or to None."""
    graph: Graph | None = None
    """The graph, if its nodes may be in another order than those of the fit."""

    def cut(self, hops: int) -> Cut:
        """Return the nodes within some hops of the rows."""
        distinct, at = np.unique(self.targets, return_inverse=True)
        found = walk(self.edges, distinct, Extent((1,) * hops))
        if found is None:
            every = np.arange(self.edges.n_nodes)
            found = Walk(every, (len(every),), self.edges.of(every))
            at = self.targets
        adjacency = found.adjacency(self.edges.weights(found.edges.entries))
        return Cut(found.nodes, _without_loops(adjacency), at)


def check_context(context: Context) -> None:
    """Raise TypeError unless the rows of a context are nodes of one graph."""
    if context.has_many_graphs:
        raise TypeError(
            "NeighborFeatures needs a table or the nodes of one graph, got "
            f"{context.description}. Use Graph.union(graphs) for the nodes of all "
            "graphs, or PositionalEncoding, which takes a list."
        )


@singledispatch
def at_fit(context: Context) -> Surroundings:
    """Return the surroundings of the rows of a fit."""
    raise NotImplementedError


@singledispatch
def after_fit(context: Context, X: Any, adjacency: Any, check: Check) -> Surroundings:
    """Return the surroundings of other rows; arguments as for `Context.join`."""
    raise NotImplementedError


@at_fit.register
def _(context: GraphContext) -> Surroundings:
    graph: Any = context._fit_view()
    return _of_graph(graph, lambda nodes: take_rows(graph.X, nodes))


@after_fit.register
def _(context: GraphContext, X: Any, adjacency: Any, check: Check) -> Surroundings:
    check_kind(context.kind, X, adjacency)

    def features_of(nodes: Nodes) -> Any:
        return check(None if X.X is None else take_rows(X.X, nodes))

    return _of_graph(X, features_of)


@after_fit.register
def _(context: AdjacencyContext, X: Any, adjacency: Any, check: Check) -> Surroundings:
    graph = context.join(X, adjacency=adjacency, check=check)
    return _of_graph(graph, lambda nodes: take_rows(graph.X, nodes))


@at_fit.register
def _(context: TableContext) -> Surroundings:
    check_neighbors(context.n_neighbors, context.n_rows)
    return Surroundings(
        AdjacencyRows(context.adjacency),
        np.arange(context.n_rows),
        lambda nodes: take_rows(context.features, nodes),
    )


@after_fit.register
def _(context: TableContext, X: Any, adjacency: Any, check: Check) -> Surroundings:
    check_kind(context.kind, X, adjacency)
    new = check(X, keep_precision=True)
    neighbors = context.neighbors_of(new)

    def features_of(nodes: Nodes) -> Any:  # new rows first, as in a walk from them
        fitted = take_rows(context.features, nodes[len(neighbors) :])
        return stack(new, fitted)

    targets = context.n_rows + np.arange(len(neighbors))
    return Surroundings(JoinedRows(context, neighbors), targets, features_of)


@at_fit.register
def _(context: NamedContext) -> Surroundings:
    return _named(context.fitted(), context)


@after_fit.register
def _(context: NamedContext, X: Any, adjacency: Any, check: Check) -> Surroundings:
    check_kind(context.kind, X, adjacency)
    return _named(context, NamedContext.of(X, context.graph, check))


def _named(fitted: NamedContext, rows: NamedContext) -> Surroundings:
    """Return the surroundings of rows; their features replace those of fitted ones."""
    graph, newer = fitted.graph, rows.fitted()
    known = np.zeros(graph.n_nodes, bool)
    known[fitted.row_nodes] = known[newer.row_nodes] = True

    def features_of(nodes: Nodes) -> Any:
        if fitted.features is None:
            return None
        return fitted._features_of(nodes, newer)

    edges = AdjacencyRows(graph.adjacency, lambda senders: known[senders])
    return Surroundings(edges, rows.row_nodes, features_of)


def _of_graph(graph: Graph, features_of: Callable[[Nodes], Any]) -> Surroundings:
    return Surroundings(
        AdjacencyRows(graph.adjacency), graph.targets, features_of, graph
    )


def _without_loops(adjacency: sparse.csr_array) -> sparse.csr_array:
    """Return an adjacency without self-loops; parallel edges stay apart."""
    receivers = np.repeat(np.arange(adjacency.shape[0]), np.diff(adjacency.indptr))
    kept = adjacency.indices != receivers
    if kept.all():
        return adjacency
    counts = np.bincount(receivers[kept], minlength=adjacency.shape[0])
    indptr = np.concatenate([[0], np.cumsum(counts)]).astype(adjacency.indptr.dtype)
    parts = adjacency.data[kept], adjacency.indices[kept], indptr
    return sparse.csr_array(parts, shape=adjacency.shape)
