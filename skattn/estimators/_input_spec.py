"""From views of graphs to the tensors that a network is asked about."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch

from skattn._batch import GraphBlock, NeighborSampler, collate
from skattn._training import FullGraph, GraphBatches, SampledBatches
from skattn.graph import GraphCollection, positional_encoding

BATCH_SIZE = 128
"""Graphs in a batch where none is asked for."""
SAMPLED_BATCH_SIZE = 1024
"""Targets in a batch of sampled neighbours where none is asked for."""


@dataclass(frozen=True)
class InputSpec:
    """What a network needs to know of a graph besides edges and features."""

    hops: tuple[int, ...]
    """How far groups of heads see."""
    positional: str | None
    """Encoding of where a node lies, appended to its features."""
    positional_dim: int
    """Its number of columns."""

    @classmethod
    def of(cls, recipe):
        """Take from an encoder's recipe what concerns its input."""
        return cls(recipe.hop_numbers, recipe.positional, recipe.positional_dim)

    def tasks(self, views, goals, *, batch_size, device, ordered=False):
        """Lay views out; those of one graph or collection share its tensors.

        Parameters
        ----------
        views : list of Graph or GraphCollection
            With checked features.
        goals : list of Labels or None
            The answers of each view's targets, on the CPU.
        batch_size : int or "auto"
            Graphs in a batch.
        device : torch.device
            Where the tensors shall be.
        ordered : bool, default=False
            Whether a graph's nodes may be laid out in another order, as pays over many
            epochs; targets are found there.

        Returns
        -------
        list of FullGraph or GraphBatches
            One per view.
        """
        bases = {view.base: None for view in views}
        for base in bases:
            bases[base] = self._to_batch(base, device, ordered)
        size = BATCH_SIZE if batch_size == "auto" else batch_size
        return [
            _ask(bases[view.base], view.targets, goal, size, device)
            for view, goal in zip(views, goals, strict=True)
        ]

    def _to_batch(self, base, device, ordered):
        base = self._with_positions(base)
        if isinstance(base, GraphCollection):
            return GraphBlock.of(base, self.hops)
        return collate(base, device, self.hops, ordered=ordered)

    def _with_positions(self, base):
        if self.positional is None:
            return base
        many = isinstance(base, GraphCollection)
        graph = base.whole if many else base
        encoding = positional_encoding(
            graph.adjacency,
            self.positional,
            self.positional_dim,
            base.node_ptr if many else None,
        )
        if sp.issparse(graph.X):
            return base.with_features(sp.hstack([graph.X, encoding], format="csr"))
        return base.with_features(np.hstack([graph.X, encoding]))


def _ask(laid, targets, goal, batch_size, device):
    if isinstance(laid, GraphBlock):
        return GraphBatches(laid, targets, goal, batch_size, device)
    batch = laid.with_targets(torch.from_numpy(np.array(targets, np.int64)))
    return FullGraph(batch, None if goal is None else goal.to(device))


def sampled(task, goal, *, fanout, batch_size, device):
    """Learn from a graph in batches of targets and of neighbours drawn around them.

    Parameters
    ----------
    task : FullGraph
        The whole graph, on the CPU.
    goal : Labels or None
        The answers of its targets, on the CPU.
    fanout : tuple of int
        How many senders are drawn, by distance from the targets.
    batch_size : int or "auto"
        Targets in a batch.
    device : torch.device
        Where the batches shall be.

    Returns
    -------
    SampledBatches
        About the same targets.
    """
    size = SAMPLED_BATCH_SIZE if batch_size == "auto" else batch_size
    sampler = NeighborSampler(task.batch, fanout)
    return SampledBatches(sampler, task.batch.targets.numpy(), goal, size, device)
