"""Conversion of graph views to batches."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch

from skattn._batch import GraphBlock, NeighborSampler, collate
from skattn._training import FullGraph, GraphBatches, SampledBatches, resolve_device
from skattn.graph import positional_encoding
from skattn.graph._collection import GraphCollection

BATCH_SIZE = 128
"""Default batch size: number of graphs."""
SAMPLED_BATCH_SIZE = 1024
"""Default batch size with neighbour sampling: number of targets."""


@dataclass(frozen=True)
class InputSpec:
    """Options of the conversion: hops, positional encoding, feature embedding."""

    hops: tuple[int, ...]
    """Number of hops of each group of heads."""
    positional: str | None
    """Positional encoding, appended to the node features."""
    positional_dim: int
    """Number of columns of the positional encoding."""
    feature_embedding: str | None
    """Embedding of the features, which requires dense ones; None for none."""

    def sources(self, views, *, batch_size, device, ordered=False):
        """Make a batch source per view; views of the same graph share its tensors.

        Parameters
        ----------
        views : list of tuple of (Graph or GraphCollection, Labels or None)
            Views with checked features, and the labels of their targets on the CPU.
        batch_size : int or "auto"
            Number of graphs in a batch.
        device : torch.device
            Device of the batches.
        ordered : bool, default=False
            Whether nodes may be reordered for memory locality.

        Returns
        -------
        list of FullGraph or GraphBatches
            The sources.
        """
        bases = {view.base: None for view, _ in views}
        for base in bases:
            bases[base] = self._to_batch(base, device, ordered)
        size = BATCH_SIZE if batch_size == "auto" else batch_size
        return [
            _source(bases[view.base], view.targets, labels, size, device)
            for view, labels in views
        ]

    def training_data(self, views, params):
        """Make the batch sources of training and of validation, or None."""
        device = resolve_device(params.device, strict=True)
        size = params.batch_size
        if params.fanout is None:
            sources = self.sources(views, batch_size=size, device=device, ordered=True)
        else:  # graph on the CPU, not reordered: draws depend on node numbers
            cpu = torch.device("cpu")
            sources = self.sources(views, batch_size=size, device=cpu)
            sources[0] = _sampled(sources[0], params.fanout, size, device)
        return sources[0], sources[1] if len(sources) > 1 else None

    def _to_batch(self, base, device, ordered):
        is_collection = isinstance(base, GraphCollection)
        self._check_dense((base.whole if is_collection else base).X)
        base = self._with_positions(base)
        if is_collection:
            return GraphBlock.of(base, self.hops)
        return collate(base, device, self.hops, ordered=ordered)

    def _check_dense(self, X):
        if self.feature_embedding is not None and sp.issparse(X):
            raise ValueError(
                f"feature_embedding={self.feature_embedding!r} needs dense features, "
                "got sparse ones. Make them dense (X.toarray()), or set it to None."
            )

    def _with_positions(self, base):
        if self.positional is None:
            return base
        is_collection = isinstance(base, GraphCollection)
        graph = base.whole if is_collection else base
        encoding = positional_encoding(
            graph.adjacency,
            self.positional,
            self.positional_dim,
            base.node_ptr if is_collection else None,
        )
        if sp.issparse(graph.X):
            return base.with_features(sp.hstack([graph.X, encoding], format="csr"))
        return base.with_features(np.hstack([graph.X, encoding]))


def _source(batch, targets, labels, batch_size, device):
    if isinstance(batch, GraphBlock):
        return GraphBatches(batch, targets, labels, batch_size, device)
    batch = batch.with_targets(torch.from_numpy(np.array(targets, np.int64)))
    return FullGraph(batch, None if labels is None else labels.to(device))


def _sampled(source, fanout, batch_size, device):
    """Make the source of batches of targets with sampled neighbours."""
    size = SAMPLED_BATCH_SIZE if batch_size == "auto" else batch_size
    sampler = NeighborSampler(source.batch, fanout)
    targets = source.batch.targets.numpy()
    return SampledBatches(sampler, targets, source.labels, size, device)
