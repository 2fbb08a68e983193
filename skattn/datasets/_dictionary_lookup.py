"""The dictionary lookup task, which static attention cannot learn."""

import numpy as np
from scipy.sparse import block_diag
from sklearn.utils import check_random_state

from skattn.graph import Graph


def make_dictionary_lookup(
    n_keys: int = 10,
    n_dictionaries: int = 100,
    *,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[Graph, np.ndarray]:
    """Generate the dictionary lookup task for node classification.

    In a dictionary, ``n_keys`` queries attend to ``n_keys`` keys. The features of a key
    are its number and a random value, those of a query the number of a key, and its
    label is the value of that key. Static attention (``attention="gat"``) ranks senders
    equally for all receivers and cannot solve the task; ``attention="gatv2"`` can with
    one layer and one head.

    Parameters
    ----------
    n_keys : int, default=10
        Number of keys, queries and values of a dictionary.
    n_dictionaries : int, default=100
        Number of dictionaries, each with its own values and no edges to others.
    random_state : int, RandomState instance or None, default=None
        Random state of the values, a permutation per dictionary.

    Returns
    -------
    graph : Graph
        A view with the ``n_dictionaries * n_keys`` queries as targets, sorted by
        dictionary. The whole graph has ``2 * n_dictionaries * n_keys`` nodes with
        ``2 * n_keys`` features: the one-hot number and the one-hot value, which is zero
        for queries.
    y : int array of shape (n_dictionaries * n_keys,)
        Value of each query's key.

    References
    ----------
    S. Brody, U. Alon, E. Yahav, "How attentive are graph attention networks?", ICLR
    2022, section 4.1.

    Examples
    --------
    >>> from skattn.datasets import make_dictionary_lookup
    >>> graph, y = make_dictionary_lookup(3, 2, random_state=0)
    >>> graph.shape, graph.base.n_nodes, y.shape
    ((6, 6), 12, (6,))
    """
    rng = check_random_state(random_state)
    values = np.stack([rng.permutation(n_keys) for _ in range(n_dictionaries)])
    numbers = np.broadcast_to(np.eye(n_keys), (n_dictionaries, n_keys, n_keys))
    queries = np.concatenate([numbers, np.zeros_like(numbers)], axis=2)
    keys = np.concatenate([numbers, np.eye(n_keys)[values]], axis=2)
    X = np.concatenate([queries, keys], axis=1).reshape(-1, 2 * n_keys)
    # Queries attend to keys.
    block = np.kron([[0, 1], [0, 0]], np.ones((n_keys, n_keys)))
    adjacency = block_diag([block] * n_dictionaries, format="csr")
    is_query = np.tile(np.repeat([True, False], n_keys), n_dictionaries)
    graph = Graph(adjacency, X)
    return graph[is_query], values.ravel()
