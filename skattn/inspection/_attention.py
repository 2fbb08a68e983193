"""Attention weights of a fitted estimator."""

from itertools import pairwise

import numpy as np
import scipy.sparse as sp
import torch
from sklearn.pipeline import Pipeline

from skattn.ops import Edges, GraphStructure

Matrices = list[list[sp.csr_array]]
"""Of one graph: a matrix per layer and head."""


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
        nodes in use sum to 1, those of other nodes are empty. The weights of parallel
        edges are summed. Rows and columns are those of the user's adjacency, of
        shape (n_nodes, n_nodes), whatever the targets. A plain table has no adjacency:
        its matrices are (n_rows, n_fitted_rows + n_rows), the columns being the fitted
        rows and then the rows of X.

        If X is a list of graphs or sequences, this is a list with one such entry for
        each of them: ``weights[graph][layer][head]``, over its nodes or time steps.

        Of heads that look several ``hops`` far those of one hop are here, before an
        attending output's. Layers in which nodes see only themselves have no entry: all
        but the last, where the graph was made from a plain table.

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
    _check_estimator(estimator)
    prepared = estimator._prepare(X, adjacency)
    found = _of_batches(estimator.net_.module_, prepared.source)
    if prepared.rows == "graphs":
        return found
    (matrices,) = found
    return [[_in_user_rows(head, prepared) for head in layer] for layer in matrices]


def _check_estimator(estimator: object) -> None:
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


def _of_batches(network, source) -> list[Matrices]:
    """Compute the weights of every graph, batch by batch."""
    network.to(source.device).eval()
    found: list[Matrices] = []
    with torch.no_grad():
        for batch, _ in source.epoch(None):
            layers = network.attention_weights(**batch.inputs)
            found += _per_graph(layers, batch.structure)
    return found


def _in_user_rows(matrix: sp.csr_array, prepared) -> sp.csr_array:
    """Select or place the rows that the user knows."""
    if prepared.rows == "table":
        return matrix[prepared.view.targets]
    if prepared.positions is None:
        return matrix
    return _spread(matrix, prepared.positions.nodes, prepared.positions.n_nodes)


def _per_graph(layers: list[torch.Tensor], structure: GraphStructure) -> list[Matrices]:
    """Put weights into matrices, and cut those of graphs side by side."""
    whole = [
        [
            _matrix(head, structure.edges)
            for head in np.ascontiguousarray(weights.cpu().numpy().T)
        ]
        for weights in layers
    ]
    if structure.node_ptr is None:
        return [whole]
    return [
        [[head[low:high, low:high] for head in layer] for layer in whole]
        for low, high in pairwise(structure.node_ptr.tolist())
    ]


def _matrix(weights: np.ndarray, edges: Edges) -> sp.csr_array:
    """Put weights in the places of ``edges``; those of parallel ones are summed."""
    places = (weights, edges.senders.cpu().numpy(), edges.indptr.cpu().numpy())
    shape = (edges.n_receivers, edges.n_senders)
    matrix = sp.csr_array(places, shape=shape, copy=True)
    matrix.sum_duplicates()
    return matrix


def _spread(matrix: sp.csr_array, positions: np.ndarray, n_nodes: int) -> sp.csr_array:
    """Put a matrix over some nodes into the rows and columns of all."""
    entries = matrix.tocoo()
    receivers, senders = positions[entries.row], positions[entries.col]
    return sp.csr_array((entries.data, (receivers, senders)), shape=(n_nodes, n_nodes))
