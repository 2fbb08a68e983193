"""Gates of candidates: a batch as a differentiable function of what it keeps.

A gate of 1 keeps a candidate, a gate of 0 removes it. The gate of an edge multiplies
its weight, and so the weights of added self-loops, degrees and degree features. The
gate ``g`` of a node makes its features ``g x + (1 - g) baseline``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from skattn._batch._batch import GraphBatch
from skattn._batch._candidates import Candidates
from skattn._batch._copies import Copies
from skattn.graph._standardization import Standardization


@dataclass(frozen=True, eq=False)
class GatedBatch:
    """Disjoint union of answers' graphs, whose candidates have gates."""

    ptr: NDArray[np.int64]
    """(n_answers + 1,): answer k has the gates ``ptr[k]`` to ``ptr[k + 1]``."""

    @classmethod
    def of(
        cls,
        candidates: Sequence[Candidates],
        to_batch: Callable[[Copies], GraphBatch],
        *,
        degree_scaling: Standardization | None,
    ) -> Self:
        """Collate the graphs of answers, one copy each.

        Parameters
        ----------
        candidates : sequence of Candidates
            The candidates of each answer. An answer may occur several times, with gates
            of its own each time.
        to_batch : callable
            Conversion of copies to a batch.
        degree_scaling : Standardization or None
            Standardisation of features that are computed from degrees; None if features
            do not depend on edges.

        Returns
        -------
        GatedBatch
            All gates, of the first answer, the second, and so on.
        """
        raise NotImplementedError

    @property
    def n_gates(self) -> int:
        """Number of gates of all answers."""
        raise NotImplementedError

    def at(self, gates: Tensor) -> GraphBatch:
        """Return the batch with these gates.

        Parameters
        ----------
        gates : Tensor of shape (n_gates,)
            Numbers in [0, 1]. Outputs are differentiable with respect to them where
            they are positive.

        Returns
        -------
        GraphBatch
            One target per answer.

        Raises
        ------
        ValueError
            If the gate of an edge is 0 and a gradient is required there.
        """
        raise NotImplementedError
