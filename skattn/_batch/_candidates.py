"""Candidates: what can be removed from an answer's graph, edges or nodes' features."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from skattn.graph._answer_graph import AnswerGraph


@dataclass(frozen=True, eq=False)
class Candidates:
    """Edges of an answer's graph, or features of its nodes, that can be removed."""

    answer: AnswerGraph
    """The answer's graph."""
    of: Literal["edges", "nodes"]
    """What is removed."""
    owner: NDArray[np.int64]
    """(n_edges,) or (n_nodes,): candidate of each edge (in CSR order) or node of the
    answer's graph; -1 for self-loops, which stay."""
    ends: NDArray[np.int64]
    """(n_candidates, 2): receiver and sender, positions in the answer's graph (one node
    twice for a node). An edge of an undirected graph is one candidate in both
    directions, listed as (nearer to the target, farther)."""
    masked: Any = None
    """(n_nodes, n_features): features of removed nodes; None for edges."""

    def __len__(self) -> int:
        return len(self.ends)


def edge_candidates(answers: Sequence[AnswerGraph], *, directed: bool) -> list[Candidates]:
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
        One per answer, sorted by receiver and sender.
    """
    raise NotImplementedError


def node_candidates(
    answers: Sequence[AnswerGraph], baseline: NDArray[Any]
) -> list[Candidates]:
    """Return the nodes of each answer's graph, whose features become the baseline.

    Parameters
    ----------
    answers : sequence of AnswerGraph
        The answers' graphs.
    baseline : ndarray of shape (n_columns,)
        Features of a removed node, as in ``answer.graph.X`` (not standardised).
        Columns beyond, such as the positions of the steps of a sequence, are kept.

    Returns
    -------
    list of Candidates
        One per answer, in the order of its nodes.

    Raises
    ------
    ValueError
        If features are sparse and the baseline is not zero.
    """
    raise NotImplementedError


def is_directed(answers: Sequence[AnswerGraph]) -> bool:
    """Return whether an edge of whole graphs has no edge in the other direction."""
    raise NotImplementedError
