"""Attention weights of a fitted estimator."""

from collections.abc import Iterator
from typing import Any

import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from skattn._batch import GraphBatch, uncollate_edges, uncollate_nodes

Matrices = list[list[sp.csr_array]]
"""Attention matrices of one graph, per layer and head."""


def attention_weights(estimator, X, *, adjacency=None):
    """Compute the attention weights of every layer and head.

    Parameters
    ----------
    estimator : estimator of skattn
        A fitted classifier, regressor or embedder.
    X : Graph, list of Graph, sequences, or table of shape (n_rows, n_features)
        As for ``estimator.predict``, or ``transform``.
    adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
        As for ``estimator.predict``.

    Returns
    -------
    list of list of csr_array, or a list of these
        One matrix per layer and head: ``weights[layer][head][i, j]`` is the weight
        that receiver ``i`` gives to sender ``j``, self-loops included; the rows of
        evaluated nodes sum to 1, other rows are empty. The weights of parallel edges
        are summed. Rows and columns are those of the user's adjacency, of shape
        (n_nodes, n_nodes), for any targets. A plain table has no adjacency:
        its matrices are (n_rows, n_fitted_rows + n_rows), the columns being the fitted
        rows and then the rows of X.

        If X is a list of graphs or sequences, this is a list with one such entry for
        each of them: ``weights[graph][layer][head]``, over its nodes or time steps.

        With several ``hops``, only the heads of one hop are included. The last entry is
        the output layer's with ``output="attention"``. Layers without message passing
        have no entry: all but the last on a plain table.

    Raises
    ------
    TypeError
        If it is no estimator of skattn: a Pipeline, for example.
    ValueError
        If the input is of another kind or width than at ``fit``.
    NotFittedError
        If the estimator is not fitted.

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
    return matrices(estimator, prepared_input(estimator, X, adjacency))


def readout_weights(estimator, X):
    """Compute the readout weight of every node in its graph.

    Parameters
    ----------
    estimator : estimator of skattn
        A classifier or regressor fitted on a list of graphs or sequences, with
        ``readout="attention"``.
    X : list of Graph, or sequences
        As for ``estimator.predict``.

    Returns
    -------
    list of ndarray of shape (n_nodes, n_heads)
        One per graph or sequence: the weights of its nodes or time steps, which sum to
        1 per head.

    Raises
    ------
    TypeError
        If it is no estimator of skattn: a Pipeline, for example.
    ValueError
        If the input is of another kind or width than at ``fit``, or the readout has no
        weights.
    NotFittedError
        If the estimator is not fitted.

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
    prepared = prepared_input(estimator, X, None)
    if not prepared.has_many_graphs or getattr(estimator, "readout", "") != "attention":
        raise ValueError(
            'readout_weights needs an estimator with readout="attention" that was '
            "fitted on a list of graphs or sequences, got "
            f"readout={estimator.readout!r} and {type(X).__name__}. For the weights of "
            "edges use attention_weights."
        )
    found: list[NDArray[Any]] = []
    with torch.no_grad():
        for network, batch in _evaluated(estimator, prepared):
            found += uncollate_nodes(batch, network.readout_weights(**batch.inputs))
    return found


def matrices(estimator, prepared):
    """Compute the matrices of a prepared input, as `attention_weights` returns them."""
    found: list[Matrices] = []
    with torch.no_grad():
        for network, batch in _evaluated(estimator, prepared):
            layers = network.attention_weights(**batch.inputs)
            per_layer = [uncollate_edges(batch, weights) for weights in layers]
            found += map(list, zip(*per_layer, strict=True))
    if prepared.has_many_graphs:
        return found
    (of_graph,) = found
    place = prepared.placer()
    return [[place(head) for head in layer] for layer in of_graph]


def prepared_input(estimator, X, adjacency):
    """Prepare X as for a prediction."""
    if isinstance(estimator, Pipeline):
        raise TypeError(
            "estimator must be a fitted estimator of skattn, got a Pipeline. Pass its "
            "last step, and X as the steps before it make it: attention_weights("
            "pipeline[-1], pipeline[:-1].transform(X))."
        )
    if not hasattr(estimator, "_prepare"):
        raise TypeError(
            "estimator must be a fitted estimator of skattn, got "
            f"{type(estimator).__name__}. Of a search pass its best_estimator_, of an "
            "ensemble one of its estimators_."
        )
    return estimator._prepare(X, adjacency)


def _evaluated(estimator, prepared) -> Iterator[tuple[Any, GraphBatch]]:
    """Yield the network in evaluation with every batch."""
    network = estimator.net_.module_.to(prepared.source.device).eval()
    for batch, _ in prepared.source.epoch(None):
        yield network, batch
