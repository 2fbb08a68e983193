"""Homophily: how much more often than by chance edges join nodes of one class."""

import numpy as np

from skattn.graph._graph import Graph
from skattn.graph._table_context import TableContext

MAX_ROWS = 1000
"""Maximum number of rows of a table whose nearest rows are compared."""
MIN_EDGES = 20
"""Minimum number of edges between labelled nodes for an estimate."""


def adjusted_homophily(graph: Graph, y: np.ndarray) -> float | None:
    """Estimate the adjusted homophily from the edges between the targets.

    1 if all edges join nodes of one class, 0 if they ignore the classes (Platonov et
    al. 2023, "Characterizing Graph Datasets for Node Classification", equation 2).

    Parameters
    ----------
    graph : Graph
        The graph; its targets are the labelled nodes.
    y : ndarray of shape (n_targets,)
        Classes 0 to n_classes - 1; negative for unknown.

    Returns
    -------
    float or None
        The estimate; None if fewer than `MIN_EDGES` edges join labelled nodes, or all
        of these are of one class.
    """
    of_node = np.full(graph.n_nodes, -1)
    of_node[graph.targets] = y
    rows = graph.adjacency[graph.targets]
    receivers, senders = np.repeat(y, np.diff(rows.indptr)), of_node[rows.indices]
    is_loop = np.repeat(graph.targets, np.diff(rows.indptr)) == rows.indices
    return _adjusted(receivers[~is_loop], senders[~is_loop])


def nearest_homophily(
    context: TableContext, view: Graph, y: np.ndarray
) -> float | None:
    """Estimate the adjusted homophily from the nearest sender of each row of a table.

    The accuracy of the nearest neighbour, leave one out, between chance (0) and 1.

    Parameters
    ----------
    context : TableContext
        The table.
    view : Graph
        Its k-NN graph; the targets are the labelled rows, of which at most `MAX_ROWS`
        are compared.
    y : ndarray of shape (n_targets,)
        Classes 0 to n_classes - 1; negative for unknown.

    Returns
    -------
    float or None
        As for `adjusted_homophily`.
    """
    of_row = np.full(view.n_nodes, -1)
    of_row[view.targets] = y
    n_some = min(len(view.targets), MAX_ROWS)
    some = view.targets[np.linspace(0, len(view.targets) - 1, n_some, dtype=int)]
    some, nearest = context.nearest_senders(view.adjacency, some)
    return _adjusted(of_row[some], of_row[nearest])


def _adjusted(receivers: np.ndarray, senders: np.ndarray) -> float | None:
    """Compare the share of edges within a class with that by chance."""
    counted = (receivers >= 0) & (senders >= 0)
    receivers, senders = receivers[counted], senders[counted]
    if len(receivers) < MIN_EDGES:
        return None
    counts = np.bincount(np.concatenate([receivers, senders]))
    by_chance = ((counts / counts.sum()) ** 2).sum()
    if by_chance == 1:
        return None
    return float((np.mean(receivers == senders) - by_chance) / (1 - by_chance))
