"""Probabilities and attention weights of the steps in which a graph grows."""

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skattn._batch import GrowthBatch, LabelledGraphs, all_steps
from skattn._training._finite import check_attention
from skattn._training._growth import Growth
from skattn._training._growth_scores import map_contexts
from skattn.nn import GrowthNetwork


@dataclass(frozen=True, eq=False)
class GrowthTrace:
    """Probabilities and attention weights of every step of one ordered graph.

    Step t adds the node at position t, the last step ends the graph.
    """

    labels: NDArray[np.int64]
    """(n_steps,) label of the new node; the number of labels for the end."""
    label_probabilities: NDArray[np.float64]
    """(n_steps, n_labels + 1) probabilities of the labels, the last one of the end."""
    edge_probabilities: NDArray[np.float64]
    """(n_steps, n_nodes, n_edge_labels + 1) probabilities of the labels of the edge to
    each older node, 0 for none, given the edges before it; NaN for no candidate."""
    log_p_labels: NDArray[np.float64]
    """(n_steps,) log-probability of the label."""
    log_p_edges: NDArray[np.float64]
    """(n_steps,) log-probability of the row of edges, 0 for a row of none."""
    weights: NDArray[np.float32]
    """(n_steps, n_layers, n_heads, n_nodes + 1) attention weights of the new node on
    the nodes so far and, in the last column, on itself."""
    edge_weights: NDArray[np.float32]
    """(n_steps, n_layers, n_heads, n_edges) attention weights of the edges so far, the
    receiver in the row; 0 for later ones."""

    @classmethod
    def empty(cls, graph: LabelledGraphs, objective: Growth) -> "GrowthTrace":
        """Make the arrays for a graph, to be filled."""
        spec, n = objective.spec, len(graph.node_labels)
        attended = n + 1, spec.n_layers, spec.n_heads
        return cls(
            labels=np.append(graph.node_labels, spec.n_labels),
            label_probabilities=np.empty((n + 1, spec.n_labels + 1)),
            edge_probabilities=np.full((n + 1, n, spec.n_edge_labels + 1), np.nan),
            log_p_labels=np.empty(n + 1),
            log_p_edges=np.empty(n + 1),
            weights=np.zeros((*attended, n + 1), np.float32),
            edge_weights=np.zeros((*attended, len(graph.edge_labels)), np.float32),
        )


def trace_growth(
    objective: Growth,
    module: GrowthNetwork,
    graph: LabelledGraphs,
    conditions: np.ndarray,
    device: torch.device,
) -> GrowthTrace:
    """Compute probabilities and attention weights of the steps of an ordered graph.

    The module is in evaluation mode, on the device.
    """
    trace = GrowthTrace.empty(graph, objective)
    steps = all_steps(graph)

    def write(batch: GrowthBatch, part: slice) -> None:
        _write(trace, graph, module, batch, steps[part, 1])

    map_contexts(write, objective, graph, steps, conditions, device)
    return trace


def _write(
    trace: GrowthTrace,
    graph: LabelledGraphs,
    module: GrowthNetwork,
    batch: GrowthBatch,
    sizes: NDArray[np.int64],
) -> None:
    """Write the steps of a batch; `sizes` are their numbers of old nodes."""
    layers, encoded = module.encoder.attention_weights(batch.x, batch.structure)
    codes = cast("Tensor", encoded)
    steps = batch.steps.to("cpu")
    log_labels = _log_softmax(module.label_logits(codes, batch.steps))
    trace.label_probabilities[sizes] = np.exp(log_labels)
    trace.log_p_labels[sizes] = log_labels[np.arange(len(sizes)), steps.label]
    log_edges = _log_softmax(module.chain.logits(codes, batch.steps))
    owners = steps.owners.numpy()
    of_edges = log_edges[np.arange(len(log_edges)), steps.edge]
    trace.log_p_edges[sizes] = np.bincount(owners, of_edges, len(sizes))
    candidates = steps.candidates.numpy() - (steps.new.numpy() - sizes)[owners]
    trace.edge_probabilities[sizes[owners], candidates] = np.exp(log_edges)
    weights = check_attention(torch.stack(layers, 1)).cpu().numpy()
    _write_weights(trace, graph, batch, weights, sizes)


def _log_softmax(logits: Tensor) -> NDArray[np.float64]:
    found: NDArray[np.float64] = logits.cpu().double().log_softmax(1).numpy()
    return found


def _write_weights(
    trace: GrowthTrace,
    graph: LabelledGraphs,
    batch: GrowthBatch,
    weights: NDArray[np.float32],
    sizes: NDArray[np.int64],
) -> None:
    """Write the weights (n_edges, n_layers, n_heads) of the edges of a batch.

    Those of a context are sorted by receiver, as those of the graph are, and the new
    node is the last receiver.
    """
    indptr = batch.structure.edges.indptr.cpu().numpy()
    features = batch.structure.edge_data.features
    n_edge_labels = trace.edge_probabilities.shape[2] - 1
    is_old = features[:, :n_edge_labels].any(1).cpu().numpy()  # type: ignore[index]
    _, graph_indptr, senders = graph.structure
    receivers = np.repeat(np.arange(len(graph.node_labels)), np.diff(graph_indptr))
    newest = np.maximum(receivers, senders)
    new = batch.steps.new.cpu().numpy()
    for t, node in zip(sizes.tolist(), new.tolist(), strict=True):
        low, middle, high = indptr[node - t], indptr[node], indptr[node + 1]
        of_new = weights[middle:high]  # on all old nodes, then on itself
        trace.weights[t, :, :, :t] = np.moveaxis(of_new[:t], 0, 2)
        trace.weights[t, :, :, -1] = of_new[t]
        old = weights[low:middle][is_old[low:middle]]
        trace.edge_weights[t][:, :, newest < t] = np.moveaxis(old, 0, 2)
