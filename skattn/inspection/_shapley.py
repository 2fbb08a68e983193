"""Shapley values by regression on random coalitions."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

RIDGE = 1e-2
"""Penalty per coalition, which makes the regression unique."""


@dataclass(frozen=True, eq=False)
class Coalitions:
    """Random coalitions of candidates, in pairs of complements."""

    kept: NDArray[np.bool_]
    """(n_coalitions + 2, n_candidates): the coalitions, then all candidates, then
    none."""

    @classmethod
    def draw(
        cls, n_candidates: int, n_samples: int, rng: np.random.RandomState
    ) -> Self:
        """Draw coalitions by the Shapley kernel (Lundberg and Lee 2017, theorem 2)."""
        ends = np.repeat([[True], [False]], n_candidates, axis=1)
        if n_candidates < 2:
            return cls(ends)
        sizes = np.arange(1, n_candidates)
        weights = 1.0 / (sizes * (n_candidates - sizes))
        drawn = rng.choice(sizes, n_samples // 2, p=weights / weights.sum())
        ranks = rng.rand(len(drawn), n_candidates).argsort(1).argsort(1)
        kept = ranks < drawn[:, None]
        return cls(np.concatenate([kept, ~kept, ends]))

    def shares(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return each candidate's share of the answer beyond that without any.

        `values` (n_coalitions + 2,) are the answers of the coalitions. The shares add
        up to the difference between all candidates and none.
        """
        n_candidates = self.kept.shape[1]
        total = values[-2] - values[-1]
        if n_candidates < 2:
            return np.full(n_candidates, total)
        coalitions = self.kept[:-2].astype(np.float64)
        size = coalitions.mean(1, keepdims=True)
        centred, rest = coalitions - size, values[:-2] - values[-1] - size[:, 0] * total
        penalty = RIDGE * len(coalitions) * np.eye(n_candidates)
        shares = np.linalg.solve(centred.T @ centred + penalty, centred.T @ rest)
        found: NDArray[np.float64] = shares - shares.mean() + total / n_candidates
        return found
