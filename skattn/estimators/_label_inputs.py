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

    @property
    def columns(self) -> np.ndarray:
        """(n_labelled, n_columns) float32 description of every label.

        Indicators of classes; or numbers, 0 where unknown, and their mask.
        """
        if self.encoded.ndim == 1:
            one_hot = self.encoded[:, None] == np.arange(self.n_outputs)
            return one_hot.astype(np.float32)
        values = np.where(self.known, self.encoded, 0)
        return np.hstack([values, self.known]).astype(np.float32)

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
        found = self._find_in(graph)
        labelled = np.flatnonzero(found >= 0)
        return self._added(batch, graph, found[labelled], labelled, in_folds=in_folds)

    def add_to_field(self, batch, field):
        """Return the batch of a receptive field with the labels of its nodes."""
        found = self._find_in(field.whole)
        order = np.argsort(found)
        at = np.searchsorted(found, field.nodes, sorter=order)
        at = order[np.minimum(at, len(order) - 1)]
        inside = np.flatnonzero(found[at] == field.nodes)
        return self._added(batch, field.graph, inside, at[inside])

    def _find_in(self, graph):
        """Return the positions of all labelled nodes; warn if there are none."""
        found = self.nodes.find_in(graph)
        if (found < 0).all():
            warn(
                "label_inputs: no labelled node of the fit is in this graph, so no "
                "known label is an input of the prediction. Label the nodes of both "
                "graphs, Graph(..., nodes=...), or fit with label_inputs=False."
            )
        return found

    def _added(self, batch, graph, nodes, labelled, *, in_folds=False):
        """Return the batch with some of the labels, those of nodes of its graph."""
        n_nodes = graph.n_nodes
        values = np.zeros((n_nodes, self.n_columns), np.float32)
        values[nodes] = self.columns[labelled]
        known = np.zeros(n_nodes, bool)
        known[nodes] = True
        is_table = self.nodes.are_rows
        identity = row_identities(graph.X) if is_table else np.arange(n_nodes)
        if in_folds:
            identity = _folds(identity, nodes)
        return _with_labels(batch, values, known, identity)


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


def _folds(identity, nodes):
    """Return identities with one number per fold of some nodes, and of equal rows."""
    distinct, at = np.unique(identity, return_inverse=True)
    labelled = np.unique(at[nodes])
    fold = np.random.default_rng(len(labelled)).permutation(len(labelled)) % N_FOLDS
    numbers = np.arange(len(distinct)) + N_FOLDS
    numbers[labelled] = fold
    return numbers[at]


def _with_labels(batch, *parts):
    """Return a batch with labels: values, known, identity by node of its graph."""
    tensors = [torch.from_numpy(part) for part in parts]
    if batch.position_of is not None:
        order = torch.argsort(batch.position_of).cpu()
        tensors = [tensor[order] for tensor in tensors]
    values, known, identity = (each.to(batch.targets.device) for each in tensors)
    structure = batch.structure
    labels = NodeLabels.of(
        structure.edges, values=values, known=known, identity=identity
    )
    return replace(batch, structure=replace(structure, labels=labels))
