"""Steps of growing graphs: new nodes, and their rows of candidate edges."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

__all__ = ["GrowthSteps"]


@dataclass(frozen=True, eq=False)
class GrowthSteps:
    """New nodes of a batch of contexts, one in each, and their rows of edges.

    A row has one entry per candidate, an old node of the same context, in the order in
    which these were added.

    Examples
    --------
    Two contexts: a first node, and a second one with an edge to it.

    >>> import torch
    >>> from skattn.ops import GrowthSteps
    >>> steps = GrowthSteps(
    ...     new=torch.tensor([0, 2]),
    ...     label=torch.tensor([0, 0]),
    ...     row_ptr=torch.tensor([0, 0, 1]),
    ...     candidates=torch.tensor([1]),
    ...     edge=torch.tensor([1]),
    ... )
    >>> steps.owners, steps.is_first
    (tensor([1]), tensor([ True, False]))
    """

    new: Tensor
    """(n_contexts,) int64: number of the new node in the batch."""
    label: Tensor
    """(n_contexts,) int64: its label; ``n_labels`` means that the graph is complete."""
    row_ptr: Tensor
    """(n_contexts + 1,) int64: candidates of each context."""
    candidates: Tensor
    """(n_candidates,) int64: number of each candidate in the batch."""
    edge: Tensor
    """(n_candidates,) int64: label of its edge, 0 for none."""

    @property
    def owners(self) -> Tensor:
        """Context of each candidate, (n_candidates,) int64."""
        numbers = torch.arange(len(self.new), device=self.new.device)
        return numbers.repeat_interleave(
            self.row_ptr.diff(), output_size=len(self.candidates)
        )

    @property
    def is_first(self) -> Tensor:
        """Whether a context has no old node, (n_contexts,) bool."""
        before = torch.cat([self.new.new_full((1,), -1), self.new[:-1]])
        return self.new == before + 1

    def to(self, device: torch.device | str) -> GrowthSteps:
        """Copy to a device.

        Parameters
        ----------
        device : torch.device or str
            Device of the result.

        Returns
        -------
        GrowthSteps
            The copy.
        """
        return GrowthSteps(*(tensor.to(device) for tensor in vars(self).values()))

    def take(self, contexts: Tensor, labels: Tensor) -> GrowthSteps:
        """Select some contexts, and set the labels of their new nodes.

        Parameters
        ----------
        contexts : Tensor of shape (n,), int64
            The contexts, in any order.
        labels : Tensor of shape (n,), int64
            Label of each new node.

        Returns
        -------
        GrowthSteps
            The selected steps; numbers of nodes are unchanged.
        """
        counts = self.row_ptr.diff()[contexts]
        ptr = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
        shift = (self.row_ptr[contexts] - ptr[:-1]).repeat_interleave(counts)
        rows = torch.arange(len(shift), device=shift.device) + shift
        taken = replace(self, new=self.new[contexts], label=labels, row_ptr=ptr)
        return replace(taken, candidates=self.candidates[rows], edge=self.edge[rows])
