"""Rows of a fit of a link estimator: pairs, their labels and their context."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from skattn.estimators._column_names import check_columns
from skattn.estimators._input import check_features
from skattn.graph import Graph
from skattn.graph._labels import listing
from skattn.graph._link_context import LinkContext
from skattn.graph._link_edges import LinkEdges
from skattn.graph._links import is_symmetric
from skattn.graph._node_names import NodeNames
from skattn.graph._pair_keys import Pairs, contains, first_of_each, pair_keys
from skattn.graph._pair_table import positions_of, read_pairs
from skattn.graph._sides import are_apart, sides_of
from skattn.graph._standardization import Standardization
from skattn.graph._warning import warn


@dataclass(frozen=True, eq=False)
class LinkRows:
    """Labelled pairs of a fit, distinct unless they have features."""

    pairs: Pairs
    """(n_rows, 2) positions of source and target."""
    features: np.ndarray
    """(n_rows, n_row_features) features of the rows, standardised."""
    y: np.ndarray
    """(n_rows,) int64 classes, or (n_rows, 1) float32 numbers."""
    is_link: np.ndarray
    """(n_rows,) bool: whether a row is a link."""
    context: LinkContext
    """The links and the edges of ``graph=``."""


@dataclass(frozen=True, eq=False)
class NamedPairs:
    """Pairs of a fit, and the nodes that they name."""

    pairs: Pairs
    """(n_rows, 2) positions of source and target."""
    names: NodeNames
    """Names of the nodes."""
    graph: Graph | None
    """Nodes, features and further edges; None for the nodes of the pairs alone."""
    directed: bool
    """Whether a pair differs from its reverse."""
    sides: np.ndarray | None
    """(2, n_nodes) nodes that can be source, and target; None for all nodes."""
    features: np.ndarray
    """(n_rows, n_row_features) features of the rows, float64."""
    edges: LinkEdges | None = None
    """The pairs as edges, if they are all edges of a graph."""

    def __len__(self) -> int:
        return len(self.pairs)

    def keys(self):
        """Compute the keys of the pairs, (n_rows,)."""
        return pair_keys(self.pairs, self.names.n_nodes, directed=self.directed)


def named_pairs(attempt, X):
    """Read the pairs of a fit, or all edges of a graph X."""
    for graph in (attempt.graph, X):
        _check_no_types(graph)
    if isinstance(X, Graph):
        return _pairs_of_graph(attempt, X)
    table = read_pairs(X, attempt.source, attempt.target)
    graph = attempt.graph
    if graph is None:
        apart = attempt.bipartite is True
        names = NodeNames.of_columns(*table.ends, apart=apart)
    else:
        names = NodeNames.of_graph(graph.base)
    pairs = positions_of(table, names)
    sides = _sides(attempt, pairs, names)
    directed = attempt.directed
    if directed == "auto":
        directed = sides is None and graph is not None and not is_symmetric(graph)
    return NamedPairs(pairs, names, graph, bool(directed), sides, table.features)


def _check_no_types(graph):
    """Raise ValueError for a graph with types, which pairs do not use."""
    if isinstance(graph, Graph) and (graph.n_edge_types or graph.n_node_types):
        raise ValueError(
            f"the graph of pairs must have no types, got {graph!r}. Use "
            "graph.with_types(), without types; for the relation of two nodes as y, "
            "pass pairs and their relations with non_link=None, or use "
            "AttentionReasoner."
        )


def link_rows(attempt, named, labels):
    """Make the rows and the context of a fit, from the `LinkLabels` of all rows.

    Rows that repeat a pair are left out, with a warning, unless they have features, as
    transactions do.
    """
    scaling = Standardization.of(named.features)
    features = np.asarray(scaling.apply(named.features), np.float32)
    rows = np.arange(len(named))
    if not features.shape[1]:
        rows = _distinct_rows(named, labels.y)
    is_link = labels.is_link[rows]
    columns = [] if labels.columns is None else [labels.columns]
    columns = np.concatenate([*columns, features], 1)[rows][is_link]
    context = _context(attempt, named, named.pairs[rows][is_link], columns, scaling)
    return LinkRows(named.pairs[rows], features[rows], labels.y[rows], is_link, context)


def _context(attempt, named, links, columns, scaling):
    """Make the graph of the links and of the edges of ``graph=``."""
    features = None
    if named.graph is not None:
        X = named.graph.base.X
        features = None if X is None else _features(attempt, X)
    edges = named.edges
    if edges is None:
        edges = LinkEdges.of_links(
            named.names.n_nodes, links, columns, directed=named.directed
        )
        if named.graph is not None and named.graph.n_edges:
            given = LinkEdges.of_graph(named.graph.base, directed=named.directed)
            _warn_of_leaks(edges, given)
            edges = edges.beside(given)
    return LinkContext.of(edges, features, named.names, named.sides, scaling)


def _features(attempt, X):
    """Return the checked features of the nodes; keep the attributes of the pairs."""
    features = partial(check_features, attempt, reset=True)(X)
    vars(attempt).pop("feature_names_in_", None)
    return features


def _pairs_of_graph(attempt, graph):
    """Return all edges of a graph as pairs."""
    if attempt.graph is not None:
        raise ValueError(
            "X is a Graph and graph= is set: only one of them can define the nodes. "
            "Pass pairs as X, or set graph=None."
        )
    if attempt.bipartite is True:
        raise ValueError(
            "bipartite=True needs pairs, of which the columns are the two kinds of "
            "nodes, got a Graph. Pass the pairs of skattn.graph.links(graph, "
            "negatives=0, bipartite=True)."
        )
    directed = attempt.directed
    if directed == "auto":
        directed = not is_symmetric(graph)
    edges = LinkEdges.of_graph(graph.base, directed=bool(directed))
    if not len(edges.pairs):
        raise ValueError(f"X must have edges between two nodes, got {graph!r}.")
    names = NodeNames.of_graph(graph.base)
    features = np.empty((len(edges.pairs), 0))
    return NamedPairs(edges.pairs, names, graph, bool(directed), None, features, edges)


def _sides(attempt, pairs, names):
    """Return the nodes that can be source, and target, if these are of two kinds."""
    if attempt.bipartite is False:
        return None
    sides = sides_of(pairs, names.n_nodes)
    if names.n_sources is not None:
        return sides
    if attempt.bipartite == "auto":
        return sides if are_apart(sides) else None
    both = np.flatnonzero(sides.all(0))
    if len(both):
        raise ValueError(
            "bipartite=True with graph= needs columns with different nodes, got "
            f"{listing(names.names(both).tolist(), 3)} in both. Give the two kinds of "
            "nodes different names, or set bipartite=False."
        )
    return sides


def _distinct_rows(named, y):
    """Return the first row of each pair; raise ValueError if labels differ."""
    keys = named.keys()
    rows = first_of_each(keys)
    if len(rows) == len(keys):
        return rows
    order = rows[np.argsort(keys[rows])]
    first = order[np.searchsorted(keys[order], keys)]
    differs = np.flatnonzero((y != y[first]).reshape(len(y), -1).any(1))
    if len(differs):
        row = differs[0]
        ends = named.names.names(named.pairs[row]).tolist()
        remedy = "Keep one row per pair."
        if (named.pairs[row] != named.pairs[first[row]]).any():
            remedy = "Set directed=True if the reverse of a pair is another pair."
        raise ValueError(
            f"a pair must have one label, got different ones for {ends[0]!r} and "
            f"{ends[1]!r} ({len(differs)} such rows). {remedy}"
        )
    warn(
        f"X has {len(keys) - len(rows)} rows that repeat another pair; they are left "
        "out. Remove them before cross-validation: a pair in a training and in a test "
        "fold is no test."
    )
    return rows


def _warn_of_leaks(links, given):
    """Warn of links that are also edges of ``graph=``."""
    n_both = int(contains(np.sort(given.keys), links.keys).sum())
    if n_both:
        warn(
            f"{n_both} of {len(links.pairs)} links of X are edges of graph=, too: "
            "cross-validation would leak, as held-out rows remain in the context. Pass "
            "the graph without them: skattn.graph.links(graph) separates edges and "
            "nodes."
        )


def feature_names(attempt, X, n_row_features):
    """Set the attributes of scikit-learn about the columns of pairs."""
    attempt.n_features_in_ = 2 + n_row_features
    if not isinstance(X, Graph):
        check_columns(attempt, X, reset=True)
