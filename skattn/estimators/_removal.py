"""Outputs of a fitted network for an input from which parts are removed."""

from dataclasses import dataclass
from typing import Any

from skattn._batch._copies import COPY_EDGES


@dataclass(frozen=True, eq=False)
class Removal:
    """A fitted network and a prepared input, of which edges or nodes can be removed.

    An estimator makes it: ``estimator._removal(estimator._prepare(X, adjacency))``.
    """

    def candidates(self, of, rows=None, baseline=None):
        """List what can be removed, per answer.

        Parameters
        ----------
        of : {"edges", "nodes"}
            Edges (in an undirected graph both directions at once), or the features of
            nodes, which become the baseline.
        rows : ndarray of shape (n_answers,), int, or None, default=None
            Positions of the rows of X to explain; None for all.
        baseline : ndarray of shape (n_features,) or None, default=None
            Features of a removed node, in the units of X; for "nodes".

        Returns
        -------
        list of Candidates
            One per answer, with the part of the graph that the answer depends on.
        """
        raise NotImplementedError

    def outputs(self, candidates, kept, *, max_size=COPY_EDGES):
        """Compute the outputs of answers without the candidates that are not kept.

        Exact for every network: edges are removed from the graph of the user.

        Parameters
        ----------
        candidates : list of Candidates
            From :meth:`candidates`, or some of them.
        kept : list of ndarray of shape (n_copies, n_candidates), bool
            For each answer, the candidates that each of its copies keeps.
        max_size : int
            Maximum number of nodes and edges of a batch of copies.

        Returns
        -------
        list of ndarray of shape (n_copies, n_outputs), float32
            Outputs of the network for the copies of each answer.
        """
        raise NotImplementedError

    def gated(self, candidates):
        """Make the outputs of answers a differentiable function of gates.

        Parameters
        ----------
        candidates : list of Candidates
            From :meth:`candidates`, or some of them, possibly repeated.

        Returns
        -------
        GatedOutputs
            Its gradients are exact.

        Raises
        ------
        ValueError
            If outputs depend on edges in steps, so that there is no gradient: with
            ``hops`` beyond 1 or a positional encoding. Removal is exact there.
        """
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class GatedOutputs:
    """Outputs of answers as a differentiable function of the gates of candidates."""

    ptr: Any
    """(n_answers + 1,): answer k has the gates ``ptr[k]`` to ``ptr[k + 1]``."""

    def __call__(self, gates):
        """Compute the outputs, (n_answers, n_outputs), of gates (n_gates,).

        Gates are float32 in [0, 1], 0 only where no gradient is required.
        """
        raise NotImplementedError
