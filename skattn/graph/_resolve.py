"""Resolution of the arguments of ``fit`` to a context."""

from typing import Any

from skattn.graph._context import Check, Context, checked_view
from skattn.graph._graph import Graph
from skattn.graph._graph_contexts import (
    AdjacencyContext,
    GraphContext,
    GraphsContext,
    SequencesContext,
)
from skattn.graph._input_kind import input_kind
from skattn.graph._named_context import NamedContext
from skattn.graph._table_context import TableContext

CONTEXTS = (
    TableContext,
    AdjacencyContext,
    GraphsContext,
    SequencesContext,
    GraphContext,
    NamedContext,
)
"""Context classes of the six kinds of input, subclasses before their bases."""


def resolve(
    X: Any,
    *,
    adjacency: Any = None,
    graph: Graph | None = None,
    n_neighbors: int = 8,
    check: Check,
) -> Context:
    """Make the context of a fit from its input.

    Parameters
    ----------
    X : Graph, array-like, sparse matrix, DataFrame or list
        The rows, one target each. Of a list (or tuple, or array of objects) the first
        element decides what all are: graphs, sequences of shape (n_steps, n_features),
        or rows of a table. An array of three dimensions, (n_sequences, n_steps,
        n_features), holds sequences.
    adjacency : matrix of shape (n_rows, n_rows) or None, default=None
        Row i of X is node i.
    graph : Graph or None, default=None
        A graph with labels that rows of a DataFrame join by name.
    n_neighbors : int, default=8
        For a plain table: number of rows that each row attends to.
    check : callable
        Takes a raw feature matrix, or None where there is none, and returns it as
        float32 ndarray or CSR matrix. Called once, after the rest is checked.

    Returns
    -------
    Context
        One of ``CONTEXTS``.

    Raises
    ------
    TypeError
        If `graph` is no Graph, or X holds objects of several kinds or of none of these.
    ValueError
        If the arguments contradict each other, a row names an unknown node, a list is
        empty, or its graphs, sequences or rows differ in their features.
    """
    kind = input_kind(X, adjacency, graph)
    if graph is not None:
        return NamedContext.of(X, graph, check)
    if kind == "graphs":
        return GraphsContext.of(X, check)
    if kind == "sequences":
        return SequencesContext.of(X, check)
    if kind == "graph":
        return GraphContext(checked_view(X, check))
    if kind == "adjacency":
        return AdjacencyContext(checked_view(Graph(adjacency, X), check))
    return TableContext(check(X), n_neighbors)
