"""Attention weights of a fitted estimator."""

from collections.abc import Iterator
from typing import Any

import scipy.sparse as sp
import torch
from numpy.typing import NDArray

from skattn._batch import GraphBatch, uncollate_edges, uncollate_nodes
from skattn._training import check_attention, default_modes
from skattn.inspection._steps import Steps

Matrices = list[list[sp.csr_array]]
"""Attention matrices of one graph, per layer and head."""


def attention_weights(estimator, X, *, adjacency=None):
    """Compute the attention weights of each layer and head.

    Parameters
    ----------
    estimator : estimator of skattn, Pipeline or search
        Fitted classifier, regressor or embedder, a pipeline that ends in one, or a
        fitted search over either.
    X : Graph, list of Graph, sequences, or table of shape (n_rows, n_features)
        Input, as for ``estimator.predict`` or ``estimator.transform``.
    adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
        Adjacency, as for ``estimator.predict``.

    Returns
    -------
    list of list of csr_array, or a list of these
        One matrix per layer and head: ``weights[layer][head][i, j]`` is the attention
        weight of sender ``j`` for receiver ``i``. A row sums to 1; rows of nodes that
        were not evaluated are empty.

        For a graph or an adjacency, a matrix has shape (n_nodes, n_nodes), whatever the
        targets. For a plain table it has shape (n_rows, n_fitted_rows + n_rows): the
        columns are the fitted rows, then the rows of X. For a list of graphs or
        sequences there is one such list for each, ``weights[graph][layer][head]``, over
        its nodes or patches: patch ``k`` of a sequence is centred on the steps ``k *
        stride`` to ``(k + 1) * stride - 1``, with ``stride =
        estimator.input_summary_["patch_stride"]``.

    Raises
    ------
    TypeError
        If `estimator` is not an estimator of skattn, a pipeline or a search of one.
    ValueError
        If X differs from that of ``fit`` in kind or in its features, or its features
        are so large that attention weights are not finite.
    NotFittedError
        If the estimator is not fitted.

    See Also
    --------
    readout_weights : Weights of the nodes in an attention readout.

    Notes
    -----
    Self-loops are included, and weights of parallel edges are summed. Layers without
    message passing have no entry (on a plain table all but the last layer), and neither
    have heads over several ``hops``. With ``output="attention"`` the last entry is the
    output layer. Read more in the :doc:`user guide </guide/attention>`.

    Examples
    --------
    >>> from skattn import Graph, GraphAttentionClassifier
    >>> from skattn.inspection import attention_weights
    >>> graph = Graph([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> clf = GraphAttentionClassifier(max_epochs=5).fit(graph, [0, 1, 0])
    >>> weights = attention_weights(clf, graph)
    >>> len(weights), len(weights[0]), weights[0][0].shape
    (3, 4, (3, 3))
    """
    steps = Steps.of(estimator)
    return matrices(steps.estimator, steps.prepare(X, adjacency))


@default_modes()
def readout_weights(estimator, X):
    """Compute the weights of the nodes in an attention readout.

    Parameters
    ----------
    estimator : GraphAttentionClassifier, GraphAttentionRegressor, Pipeline or search
        Estimator with ``readout="attention"``, fitted on a list of graphs or sequences,
        a pipeline that ends in one, or a fitted search over either.
    X : list of Graph, or sequences
        Input, as for ``estimator.predict``.

    Returns
    -------
    list of ndarray of shape (n_nodes, n_heads)
        For each graph or sequence the weights of its nodes or patches; each column sums
        to 1.

    Raises
    ------
    TypeError
        If `estimator` is not an estimator of skattn, a pipeline or a search of one.
    ValueError
        If X differs from that of ``fit`` in kind or in its features, or the readout is
        not attention.
    NotFittedError
        If the estimator is not fitted.

    See Also
    --------
    attention_weights : Attention weights of the edges, per layer and head.

    Examples
    --------
    >>> from skattn import Graph, GraphAttentionClassifier
    >>> from skattn.inspection import readout_weights
    >>> path = Graph([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> ring = Graph([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    >>> clf = GraphAttentionClassifier(max_epochs=5).fit([path, ring], [0, 1])
    >>> weights = readout_weights(clf, [path, ring])
    >>> weights[0].shape, weights[0].sum(axis=0).round(3)
    ((3, 4), array([1., 1., 1., 1.], dtype=float32))
    """
    steps = Steps.of(estimator)
    estimator, prepared = steps.estimator, steps.prepare(X, None)
    if not prepared.has_many_graphs or getattr(estimator, "readout", "") != "attention":
        raise ValueError(
            'readout_weights needs an estimator with readout="attention" that was '
            "fitted on a list of graphs or sequences, got "
            f"readout={estimator.readout!r} and {type(X).__name__}. For attention "
            "weights of edges use attention_weights."
        )
    found: list[NDArray[Any]] = []
    with torch.no_grad():
        for network, batch in _networks_and_batches(estimator, prepared):
            weights = check_attention(network.readout_weights(**batch.inputs))
            found += uncollate_nodes(batch, weights)
    return found


@default_modes()
def matrices(estimator, prepared):
    """Compute the matrices of a prepared input, as `attention_weights` returns them."""
    found = view_matrices(estimator, prepared)
    if prepared.has_many_graphs:
        return found
    (of_graph,) = found
    place = prepared.placer()
    return [[place(head) for head in layer] for layer in of_graph]


def view_matrices(estimator, prepared) -> list[Matrices]:
    """Compute the matrices over the nodes of the view, a list for each graph."""
    found: list[Matrices] = []
    with torch.no_grad():
        for network, batch in _networks_and_batches(estimator, prepared):
            layers = map(check_attention, network.attention_weights(**batch.inputs))
            per_layer = [uncollate_edges(batch, weights) for weights in layers]
            found += map(list, zip(*per_layer, strict=True))
    return found


def _networks_and_batches(estimator, prepared) -> Iterator[tuple[Any, GraphBatch]]:
    """Yield the network, in evaluation mode, and each batch."""
    network = estimator.net_.module_.to(prepared.source.device).eval()
    for batch, _ in prepared.source.epoch(None):
        yield network, batch
