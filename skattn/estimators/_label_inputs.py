"""Known labels of fitted nodes as inputs of the network."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from skattn.estimators._defaults import uses_label_inputs
from skattn.graph._fitted_nodes import FittedNodes, row_identities
from skattn.graph._warning import warn
from skattn.ops import NodeLabels

N_FOLDS = 5
"""Number of folds of the labelled nodes in training."""


@dataclass(frozen=True, eq=False)
class LabelInputs:
    """Known labels of fitted nodes, which nodes that attend to them use.

    A node never uses its own label. In training it does not use those of its fold
    either: where many nodes have the same neighbours, an average without a node's own
    label would be lowest for those nodes whose label is highest, and a network learns
    to read this off.
    """

    nodes: FittedNodes
    """The labelled nodes."""
    encoded: np.ndarray
    """(n_labelled,) int64 classes, or (n_labelled, n_outputs) float32."""
    known: np.ndarray
    """Like ``encoded``, bool: mask of the known labels."""
    n_outputs: int
    """Number of classes, indicators or numbers."""

    @classmethod
    def of(cls, nodes_of, targets, rows, n_outputs):
        """Collect the labels of training rows of positive weight.

        Parameters
        ----------
        nodes_of : callable
            Function from ascending positions of nodes to `FittedNodes`.
        targets : ndarray of shape (n_rows,), int64
            The node of each row; the last labelled row of a node counts.
        rows : LabelledRows
            The training rows.
        n_outputs : int
            Width of the network's output.

        Returns
        -------
        LabelInputs
            One label per node.
        """
        labelled = np.flatnonzero(rows.has_weight)[::-1]
        nodes, last = np.unique(targets[labelled], return_index=True)
        kept = rows[labelled[last]]
        known = kept.known.reshape(kept.encoded.shape)
        return cls(nodes_of(nodes), kept.encoded, known, n_outputs)

    @property
    def n_columns(self) -> int:
        """Number of columns that describe a label."""
        return self.n_outputs * self.encoded.ndim

    def columns(self, chosen):
        """Return descriptions of some of the labels, (n_chosen, n_columns) float32.

        Indicators of classes; or numbers, 0 where unknown, and their mask.
        """
        encoded, known = self.encoded[chosen], self.known[chosen]
        if encoded.ndim == 1:
            return (encoded[:, None] == np.arange(self.n_outputs)).astype(np.float32)
        return np.hstack([np.where(known, encoded, 0), known]).astype(np.float32)

    def add_to(self, batch, graph, *, in_folds=False):
        """Return the batch of a graph with the labels that are known of its nodes.

        Parameters
        ----------
        batch : GraphBatch
            All nodes of the graph.
        graph : Graph
            With features as given, by which equal rows of a table are found.
        in_folds : bool, default=False
            Whether nodes of a fold do not use each other's labels, as in training.

        Returns
        -------
        GraphBatch
            With ``structure.labels``.
        """
        index, identity = self.in_graph(graph)
        if in_folds:
            identity = _folds(identity, index >= 0)
        return self.added(batch, index, identity)

    def add_to_field(self, batch, field):
        """Return the batch of a receptive field with the labels of its nodes."""
        index = self._index_in(field.whole, field.nodes)
        return self.added(batch, index, self._identities(field.graph))

    def in_graph(self, graph, nodes=None):
        """Return the index of the label of each node of a graph, and its identity.

        `nodes` are the positions of some rows of a table, which `graph` has.
        """
        nodes = np.arange(graph.n_nodes) if nodes is None else nodes
        index = self._index_in(graph, nodes)
        return index, self._identities(graph)

    def _index_in(self, graph, nodes):
        """Return the index of the label of each node, -1 without one."""
        index = self.nodes.index_in(graph, nodes)
        if index is not None:
            return index
        warn(
            "label_inputs: no labelled node of the fit is in this graph, so no known "
            "label is an input of the prediction. Label the nodes of both graphs, "
            "Graph(..., nodes=...), or fit with label_inputs=False."
        )
        return np.full(len(nodes), -1)

    def _identities(self, graph):
        """Return a number per node, the same for equal rows of a table."""
        if self.nodes.are_rows:
            return row_identities(graph.X)
        return np.arange(graph.n_nodes)

    def added(self, batch, index, identity):
        """Return a batch with labels, from `in_graph` in the order of its graph."""
        known = index >= 0
        values = np.zeros((len(index), self.n_columns), np.float32)
        values[known] = self.columns(index[known])
        tensors = [torch.from_numpy(part) for part in (values, known, identity)]
        if batch.position_of is not None:
            order = torch.argsort(batch.position_of).cpu()
            tensors = [tensor[order] for tensor in tensors]
        device, structure = batch.targets.device, batch.structure
        parts = dict(zip(("values", "known", "identity"), tensors, strict=True))
        labels = NodeLabels.of(
            structure.edges,
            **{name: part.to(device) for name, part in parts.items()},
            # the last layer alone uses them, which computes the targets
            n_receivers=structure.reach[0] if structure.reach else None,
        )
        return replace(batch, structure=replace(structure, labels=labels))


def learn_label_inputs(attempt, config, kind, view, rows):
    """Make labels of training rows inputs if they are to be; count their columns.

    Parameters
    ----------
    attempt : GraphAttentionPredictor
        Its `InputSpec` gets the labels.
    config : EncoderConfig
        The encoder's configuration.
    kind : {"table", "nodes", "graphs"}
        Kind of the rows.
    view : Graph or GraphCollection
        The view of the training rows.
    rows : LabelledRows
        Their labels.

    Returns
    -------
    int
        Number of columns that describe a label, 0 if labels are no inputs.
    """
    if not uses_label_inputs(attempt, config, kind, attempt.n_features_in_):
        return 0

    def nodes_of(positions):
        if kind == "table":
            return FittedNodes.of_table(positions)
        return FittedNodes.of_graph(view.base, positions)

    n_outputs = attempt._label_encoding_.n_outputs
    inputs = LabelInputs.of(nodes_of, view.targets, rows, n_outputs)
    attempt._input_spec_ = replace(attempt._input_spec_, label_inputs=inputs)
    return inputs.n_columns


def _folds(identity, labelled):
    """Return identities with one number per fold of labelled nodes and equal rows."""
    distinct, at = np.unique(identity, return_inverse=True)
    chosen = np.unique(at[labelled])
    fold = np.random.default_rng(len(chosen)).permutation(len(chosen)) % N_FOLDS
    numbers = np.arange(len(distinct)) + N_FOLDS
    numbers[chosen] = fold
    return numbers[at]
