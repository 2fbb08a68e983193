"""Conversion of graph views to batches."""

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
import torch

from skattn._batch import GraphBlock, NeighborSampler, collate, collate_field
from skattn._batch._tensors import is_mapped
from skattn._training import FullGraph, GraphBatches, SampledBatches, resolve_device
from skattn.estimators._label_inputs import LabelInputs
from skattn.graph import positional_encoding
from skattn.graph._collection import GraphCollection
from skattn.graph._descriptor_scaling import DescriptorScaling
from skattn.graph._field import Extent
from skattn.graph._standardization import Standardization
from skattn.graph._types import TypeNames

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
    feature_scaling: Standardization | None = None
    """Standardisation of the node features, None for none."""
    edge_scaling: Standardization | None = None
    """Standardisation of the edge features, None without any."""
    descriptor_scaling: DescriptorScaling | None = None
    """Standardisation of the descriptors, None without any."""
    label_inputs: LabelInputs | None = None
    """Known labels of fitted nodes as inputs of the network, None for none."""
    feature_mean: tuple[float, ...] = ()
    """(n_features,) means of the node features, not standardised, over the training
    nodes."""
    edge_types: TypeNames | None = None
    """Names of the edge types at fit, None without any."""
    node_types: TypeNames | None = None
    """Names of the node types at fit, of which indicators are appended to the features;
    None without any."""

    def sources(self, views, *, batch_size, device, ordered=False, for_training=False):
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
        for_training : bool, default=False
            Whether labels are hidden within folds, see `LabelInputs`.

        Returns
        -------
        list of FullGraph or GraphBatches
            The sources.
        """
        bases = {view.base: None for view, _ in views}
        for base in bases:
            batch = self._to_batch(base, device, ordered)
            if self.label_inputs is not None:
                batch = self.label_inputs.add_to(batch, base, in_folds=for_training)
            bases[base] = batch
        size = BATCH_SIZE if batch_size == "auto" else batch_size
        return [
            _source(bases[view.base], view.targets, labels, size, device)
            for view, labels in views
        ]

    def batch(self, collection, targets):
        """Make one batch of all graphs of a collection.

        Parameters
        ----------
        collection : GraphCollection
            Graphs with checked features.
        targets : ndarray of int64
            Target nodes of the union, or target graphs.

        Returns
        -------
        GraphBatch
            The graphs and their targets, on the CPU.
        """
        block = self._to_batch(collection, torch.device("cpu"), ordered=False)
        return block.whole.with_targets(torch.from_numpy(targets))

    def extent(self, objective):
        """Return the hops between the features and the outputs of an objective.

        Parameters
        ----------
        objective : Objective
            The network and what follows it.

        Returns
        -------
        Extent or None
            None if its outputs depend on all nodes: with global attention, a readout or
            a positional encoding.
        """
        spec = objective.spec
        everywhere = spec.block.global_attention or spec.readout is not None
        if everywhere or self.positional is not None:
            return None
        return Extent(
            objective.hops,
            uses_degrees=spec.uses_degrees,
            sums_weights=spec.block.convolution == "sum",
        )

    def field_source(self, field, device):
        """Make the batch of a receptive field.

        Parameters
        ----------
        field : ReceptiveField
            With checked features.
        device : torch.device
            Device of the batch.

        Returns
        -------
        FullGraph
            Without labels.

        Raises
        ------
        ValueError
            If features are sparse where an embedding of the features needs dense ones.
        """
        self._check_dense(field.graph.X)
        batch = collate_field(
            replace(field, graph=self._with_types(self._standardized(field.graph))),
            device,
            self.hops,
            edge_scaling=self.edge_scaling,
            edge_types=self.edge_types,
        )
        if self.label_inputs is not None:
            batch = self.label_inputs.add_to_field(batch, field)
        return FullGraph(batch, None)

    def training_data(self, views, params, size):
        """Make the batch sources of training and of validation, or None."""
        device = resolve_device(params.device, strict=True)
        if params.fanout is None:
            here = {"batch_size": size, "device": device}
            sources = self.sources(views, **here, ordered=True, for_training=True)
        else:  # graph on the CPU, not reordered: draws depend on node numbers
            sources = self._sampled(views, params.fanout, size, device)
        return sources[0], sources[1] if len(sources) > 1 else None

    def _sampled(self, views, fanout, batch_size, device):
        """Make the sources of sampled training and of validation.

        Mapped features are not copied for training: each batch is standardised.
        """
        here = {"batch_size": batch_size, "device": torch.device("cpu")}
        here["for_training"] = True
        size = SAMPLED_BATCH_SIZE if batch_size == "auto" else batch_size
        later = None
        appends = self.positional is not None or self.node_types is not None
        if not appends and is_mapped(views[0][0].X):
            later = self.feature_scaling
            first = replace(self, feature_scaling=None).sources(views[:1], **here)
            sources = first + self.sources(views[1:], **here)
        else:
            sources = self.sources(views, **here)
        batch, labels = sources[0].batch, sources[0].labels
        sampler = NeighborSampler(batch, fanout, later)
        targets = batch.targets.numpy()
        sources[0] = SampledBatches(sampler, targets, labels, size, device)
        return sources

    def _to_batch(self, base, device, ordered):
        is_collection = isinstance(base, GraphCollection)
        self._check_dense((base.whole if is_collection else base).X)
        base = self._with_types(self._with_positions(self._standardized(base)))
        if is_collection:
            return GraphBlock.of(
                base,
                self.hops,
                edge_scaling=self.edge_scaling,
                edge_types=self.edge_types,
                descriptor_scaling=self.descriptor_scaling,
            )
        return collate(
            base,
            device,
            self.hops,
            ordered=ordered,
            edge_scaling=self.edge_scaling,
            edge_types=self.edge_types,
        )

    def _check_dense(self, X):
        if self.feature_embedding is not None and sp.issparse(X):
            raise ValueError(
                f"feature_embedding={self.feature_embedding!r} needs dense features, "
                "got sparse ones. Make them dense (X.toarray()), or set it to None."
            )

    def _standardized(self, base):
        """Return a Graph or GraphCollection with standardised node features."""
        if self.feature_scaling is None:
            return base
        X = base.whole.X if isinstance(base, GraphCollection) else base.X
        return base.with_features(self.feature_scaling.apply(X))

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
        return _with_columns(base, graph, encoding)

    def _with_types(self, base):
        """Append an indicator of each node type to the node features."""
        if self.node_types is None:
            return base
        graph = base.whole if isinstance(base, GraphCollection) else base
        types = graph._types.nodes
        assert types is not None  # as at fit
        codes = types.coded_by(self.node_types)
        return _with_columns(base, graph, np.eye(len(self.node_types))[codes])


def _with_columns(base, graph, columns):
    """Return a Graph or GraphCollection with columns beside its node features."""
    columns = columns.astype(np.float32, copy=False)
    if sp.issparse(graph.X):
        return base.with_features(sp.hstack([graph.X, columns], format="csr"))
    return base.with_features(np.hstack([graph.X, columns]))


def _source(batch, targets, labels, batch_size, device):
    if isinstance(batch, GraphBlock):
        return GraphBatches(batch, targets, labels, batch_size, device)
    batch = batch.with_targets(torch.from_numpy(np.array(targets, np.int64)))
    return FullGraph(batch, None if labels is None else labels.to(device))
