"""Conversion of the arguments of ``fit`` to a context."""

from typing import Any

from skattn.graph._context import Check, Context, checked_view
from skattn.graph._descriptors import refuse_descriptors
from skattn.graph._graph import Graph
from skattn.graph._graph_contexts import (
    AdjacencyContext,
    GraphContext,
    GraphsContext,
)
from skattn.graph._input_kind import input_kind
from skattn.graph._named_context import NamedContext
from skattn.graph._neighbor_search import SearchMethod, check_search
from skattn.graph._patches import PatchOptions
from skattn.graph._sequence_context import SequencesContext
from skattn.graph._table_context import TableContext

STEPS = PatchOptions()
"""Nodes of sequences are single steps."""
CONTEXTS = (
    TableContext,
    AdjacencyContext,
    GraphsContext,
    SequencesContext,
    GraphContext,
    NamedContext,
)
"""Context classes of the kinds of input, subclasses before their base classes."""


def resolve(
    X: Any,
    *,
    adjacency: Any = None,
    graph: Graph | None = None,
    n_neighbors: int = 8,
    neighbor_search: SearchMethod = "auto",
    patch_options: PatchOptions = STEPS,
    check: Check,
) -> Context:
    """Create the context of a fit.

    Parameters
    ----------
    X : Graph, array-like, sparse matrix, DataFrame or list
        The rows. The first entry of a list, tuple or object array decides whether all
        are graphs, sequences (n_steps, n_features) or rows of a table. An array
        (n_sequences, n_steps, n_features) holds sequences.
    adjacency : matrix of shape (n_rows, n_rows) or None, default=None
        Adjacency of the rows of a table X.
    graph : Graph or None, default=None
        Graph with node labels, by which rows of a DataFrame X join it.
    n_neighbors : int, default=8
        Number of neighbours of a row in the k-NN graph of a table.
    neighbor_search : {"auto", "exact", "approximate"}, default="auto"
        Method of the search for them.
    patch_options : PatchOptions, optional
        Options of the division of sequences into patches; single steps by default.
    check : callable
        Function from raw features, or None, to a float32 array, CSR matrix or None;
        with ``keep_precision=True`` float64 where float32 would round a value. It is
        called once, after all other checks.

    Returns
    -------
    Context
        An instance of one of `CONTEXTS`.

    Raises
    ------
    TypeError
        If X or `graph` is of another type, or X mixes types.
    ValueError
        If the arguments contradict each other, a list is empty, its entries differ in
        their features, or a node label is unknown.
    """
    kind = input_kind(X, adjacency, graph)
    if graph is not None:
        return NamedContext.of(X, graph, check)
    if kind == "graphs":
        return GraphsContext.of(X, check)
    if kind == "sequences":
        return SequencesContext.of(X, patch_options, check)
    if kind == "graph":
        refuse_descriptors(X)
        return GraphContext(checked_view(X, check))
    if kind == "adjacency":
        return AdjacencyContext.of(X, adjacency, check)
    check_search(neighbor_search, "euclidean")
    return TableContext(check(X, keep_precision=True), n_neighbors, neighbor_search)
