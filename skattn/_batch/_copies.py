"""Copies of answers' graphs, each with other candidates removed.

The edges are removed from the graph, not from its tensors: degrees, k-hop
neighbourhoods, encodings and self-loops of a copy are those of the graph without them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from skattn._batch._candidates import Candidates
from skattn.graph._collection import GraphCollection

COPY_EDGES = 1 << 16
"""Nodes and edges of the copies of a batch, if no single copy has more."""

Kept = NDArray[np.bool_]
"""(n_copies, n_candidates): which candidates of an answer each copy keeps."""


@dataclass(frozen=True, eq=False)
class Copies:
    """Disjoint union of copies of answers' graphs; each copy is a graph."""

    collection: GraphCollection
    """The copies, with features, not standardised."""
    targets: NDArray[np.int64]
    """(n_copies,) target node of each copy in the union, or the copy's number."""


def copies_without(
    candidates: Sequence[Candidates], kept: Sequence[Kept], *, degree_features: bool
) -> Copies:
    """Make copies of answers' graphs without the candidates that they do not keep.

    Parameters
    ----------
    candidates : sequence of Candidates
        The candidates of each answer.
    kept : sequence of ndarray of shape (n_copies, n_candidates), bool
        For each answer, which candidates its copies keep.
    degree_features : bool
        Whether the features are computed from degrees, and so anew for each copy.

    Returns
    -------
    Copies
        All copies of the first answer, then those of the second, and so on.
    """
    raise NotImplementedError


def evaluate_copies(
    candidates: Sequence[Candidates],
    kept: Sequence[Kept],
    evaluate: Callable[[Copies], Tensor],
    *,
    degree_features: bool,
    max_size: int = COPY_EDGES,
) -> list[NDArray[Any]]:
    """Evaluate copies of answers' graphs in batches of bounded size.

    Parameters
    ----------
    candidates, kept, degree_features
        As for :func:`copies_without`.
    evaluate : callable
        Function from copies to their outputs, (n_copies, n_outputs).
    max_size : int
        Maximum number of nodes and edges of a batch, if no single copy has more. The
        results do not depend on it.

    Returns
    -------
    list of ndarray of shape (n_copies, n_outputs)
        Outputs of the copies of each answer.
    """
    raise NotImplementedError
