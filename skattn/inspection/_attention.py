"""Who attended to whom in a fitted estimator."""

import numpy as np
import scipy.sparse as sp
import torch

from skattn.batch import collate
from skattn.graph import Graph
from skattn.nn import AttentionNetwork
from skattn.ops import Edges


def attention_weights(estimator, X, *, adjacency=None):
    """Compute what every layer and head of a fitted estimator looks at.

    Parameters
    ----------
    estimator : GraphAttentionClassifier or GraphAttentionRegressor
        A fitted estimator.
    X : Graph, or array-like or sparse matrix of shape (n_rows, n_features)
        As for ``estimator.predict``.
    adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
        As for ``estimator.predict``.

    Returns
    -------
    list of list of csr_array
        One matrix per layer and head: ``weights[layer][head][i, j]`` is the weight
        that receiver ``i`` gives to sender ``j``, self-loops included; the rows of
        nodes in use sum to 1, those of other nodes are empty. The weights of parallel
        edges are summed. Rows and columns are those of the user's adjacency, of
        shape (n_nodes, n_nodes), whatever the targets. A plain table has no adjacency:
        its matrices are (n_rows, n_fitted_rows + n_rows), the columns being the fitted
        rows and then the rows of X.

    Raises
    ------
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
    view = estimator._view(X, adjacency)
    matrices = _of_network(estimator.net_.module_, view.base)
    context = estimator._context_
    if context.kind == "table":
        return [[head[view.targets] for head in layer] for layer in matrices]
    positions = context.positions(X)
    if positions is None:
        return matrices
    n_nodes = context.graph.n_nodes
    return [[_spread(head, positions, n_nodes) for head in layer] for layer in matrices]


def _of_network(network: AttentionNetwork, graph: Graph) -> list[list[sp.csr_array]]:
    device = next(network.parameters()).device
    network.eval()
    with torch.no_grad():
        batch = collate(graph, device)
        layers = network.attention_weights(**batch.inputs)
    return [
        [
            _matrix(head, batch.structure.edges)
            for head in np.ascontiguousarray(weights.cpu().numpy().T)
        ]
        for weights in layers
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
