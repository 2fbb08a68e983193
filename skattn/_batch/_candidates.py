"""Candidates for removal from an answer's graph: edges, or features."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn.graph._adjacency import entry_rows
from skattn.graph._answer_graph import AnswerGraph


@dataclass(frozen=True, eq=False)
class Candidates:
    """Edges of an answer's graph, or features of its nodes, that can be removed.

    The features of a node are removed together, or those of all nodes in a column.
    """

    answer: AnswerGraph
    """The answer's graph."""
    of: Literal["edges", "nodes", "features"]
    """What is removed."""
    owner: NDArray[np.int64]
    """(n_edges,), (n_nodes,) or (n_columns,): candidate of each edge (in CSR order),
    node or column of the answer's graph; -1 for self-loops and columns that stay."""
    ends: NDArray[np.int64]
    """(n_candidates, 2): receiver and sender, as positions in the answer's graph; of an
    edge in both directions, the smaller position first; a node or feature twice."""
    masked: Any = None
    """(n_nodes, n_columns): removed features; None for edges."""

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def size(self) -> int:
        """Number of nodes and edges of a copy."""
        return self.answer.graph.n_nodes + self.answer.graph.n_edges

    @property
    def positions(self) -> NDArray[np.int64]:
        """(n_candidates, 2): ends in the graph of the view, or features."""
        return self.ends if self.of == "features" else self.answer.nodes[self.ends]


def edge_candidates(
    answers: Sequence[AnswerGraph], *, directed: bool
) -> list[Candidates]:
    """Return the edges of each answer's graph, without self-loops.

    Parameters
    ----------
    answers : sequence of AnswerGraph
        The answers' graphs.
    directed : bool
        Whether an edge in one direction is a candidate; if not, the edges in both
        directions are one. Parallel edges are one candidate in either case.

    Returns
    -------
    list of Candidates
        One per answer, sorted by their ends.

    Examples
    --------
    >>> from skattn import Graph
    >>> from skattn._batch._candidates import edge_candidates
    >>> from skattn.graph._answer_graph import AnswerGraph
    >>> path = Graph([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> (found,) = edge_candidates([AnswerGraph(path, range(3), 0)], directed=False)
    >>> found.ends.tolist(), found.owner.tolist()
    ([[0, 1], [1, 2]], [0, 0, 1, 1])
    """
    return [_edges_of(answer, directed) for answer in answers]


def _edges_of(answer: AnswerGraph, directed: bool) -> Candidates:  # noqa: FBT001
    receivers, senders = _ends(answer.graph.adjacency)
    if not directed:
        receivers, senders = _sorted_pairs(receivers, senders)
    is_edge, n_nodes = receivers != senders, answer.graph.n_nodes
    keys = receivers[is_edge] * n_nodes + senders[is_edge]
    distinct, numbers = np.unique(keys, return_inverse=True)
    owner = np.full(len(receivers), -1)
    owner[is_edge] = numbers
    ends = np.stack(np.divmod(distinct, max(n_nodes, 1)), axis=1)
    return Candidates(answer, "edges", owner, ends)


def _ends(adjacency: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return entry_rows(adjacency).astype(np.int64), adjacency.indices.astype(np.int64)


def _sorted_pairs(a: Any, b: Any) -> tuple[Any, Any]:
    return np.minimum(a, b), np.maximum(a, b)


def is_directed(adjacency: sp.csr_array) -> bool:
    """Return whether an edge has no edge in the other direction."""
    receivers, senders = _ends(adjacency)
    n_nodes = adjacency.shape[0]
    there = np.sort(receivers * n_nodes + senders)
    back = np.sort(senders * n_nodes + receivers)
    if np.array_equal(there, back):
        return False
    # parallel edges may be more in one direction
    return not np.array_equal(np.unique(there), np.unique(back))


def node_candidates(
    answers: Sequence[AnswerGraph], baseline: NDArray[Any]
) -> list[Candidates]:
    """Return the nodes of each answer's graph; their features become the baseline.

    Parameters
    ----------
    answers : sequence of AnswerGraph
        The answers' graphs.
    baseline : ndarray of shape (n_columns,)
        Features of a removed node, as in ``answer.graph.X`` (not standardised).
        Further columns of X, such as the positions of the steps of a sequence, are
        kept.

    Returns
    -------
    list of Candidates
        One per answer, in the order of its nodes.

    Raises
    ------
    ValueError
        If features are sparse and the baseline is not zero.
    """
    return [_nodes_of(answer, baseline) for answer in answers]


def _nodes_of(answer: AnswerGraph, baseline: NDArray[Any]) -> Candidates:
    nodes = np.arange(answer.graph.n_nodes)
    masked = _masked(answer.graph.X, baseline)
    return Candidates(answer, "nodes", nodes, np.stack([nodes, nodes], 1), masked)


def _masked(X: Any, baseline: NDArray[Any]) -> Any:
    """Return features with the baseline in the first columns."""
    if sp.issparse(X):
        if np.any(baseline) or len(baseline) != X.shape[1]:
            raise ValueError(
                "baseline must be zero for sparse features, which another one would "
                'make dense. Use baseline="zero", or dense features (X.toarray()).'
            )
        return sp.csr_array(X.shape, dtype=X.dtype)
    masked = X.copy()
    masked[:, : len(baseline)] = baseline
    return masked


def feature_candidates(
    answers: Sequence[AnswerGraph],
    baseline: NDArray[Any],
    feature_of: NDArray[np.int64],
) -> list[Candidates]:
    """Return the features of each answer's graph, which become the baseline.

    Parameters
    ----------
    answers : sequence of AnswerGraph
        The answers' graphs.
    baseline : ndarray of shape (n_columns,)
        Removed features, as in ``answer.graph.X`` (not standardised). Further columns
        of X are kept.
    feature_of : ndarray of shape (n_columns,), int64
        Feature of each column; a feature may have several columns.

    Returns
    -------
    list of Candidates
        One per answer, in the order of the features; of sparse features those that a
        node has.

    Raises
    ------
    ValueError
        If features are sparse and the baseline is not zero.
    """
    return [_features_of(answer, baseline, feature_of) for answer in answers]


def _features_of(
    answer: AnswerGraph, baseline: NDArray[Any], feature_of: NDArray[np.int64]
) -> Candidates:
    X = answer.graph.X
    masked, columns = _masked(X, baseline), np.arange(len(feature_of))
    if sp.issparse(X):
        columns = np.unique(X.indices)
    features, numbers = np.unique(feature_of[columns], return_inverse=True)
    owner = np.full(X.shape[1], -1)
    owner[columns] = numbers
    ends = np.stack([features, features], 1)
    return Candidates(answer, "features", owner, ends, masked)
