"""Scores of the candidates of an answer."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._arguments import as_count, check_choice

Sign = Literal["for", "against"]


@dataclass(frozen=True, eq=False)
class Evidence:
    """Scores of the candidates of one answer."""

    ends: NDArray[np.int64]
    """(n_candidates, 2) receiver and sender of edges; (n_candidates, 1) nodes or
    features."""
    scores: NDArray[np.float64]
    """(n_candidates,), positive if they speak for the answer."""
    exact: NDArray[np.bool_]
    """(n_candidates,) whether a score is that of the method, not an estimate."""
    both_ways: bool = False
    """Whether an edge stands for both directions."""

    def order(self, sign: Sign | None) -> NDArray[np.int64]:
        """Return the candidates by size of the score, of one sign if given."""
        order = np.argsort(-np.abs(self.scores), kind="stable")
        if sign is None:
            return order
        wanted = self.scores[order] > 0 if sign == "for" else self.scores[order] < 0
        return order[wanted]

    def best(self, k: int | None, sign: Sign | None = None) -> NDArray[np.int64]:
        """Return at most `k` candidates with the largest scores; None for all.

        Raises
        ------
        ValueError
            If `k` is no count or there is no such sign.
        """
        check_choice(sign, (None, *get_args(Sign)), "sign")
        return self.order(sign)[: None if k is None else as_count(k, "k", least=0)]

    def matrix(self, values: NDArray[Any], n_nodes: int) -> sparse.csr_array:
        """Return values of edges as a matrix over nodes."""
        receivers, senders = self.ends.T
        if self.both_ways:
            receivers, senders = (
                np.concatenate([receivers, senders]),
                np.concatenate([senders, receivers]),
            )
            values = np.tile(values, 2)
        return sparse.csr_array((values, (receivers, senders)), shape=(n_nodes,) * 2)
