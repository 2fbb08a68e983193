"""Dictionary lookup: a task that static attention cannot learn."""

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
    """Make the dictionary lookup task: each query copies the value of its key.

    A dictionary is a complete bipartite graph of ``n_keys`` queries, which attend to
    ``n_keys`` keys. The features of a key are its number and a value, drawn without
    repeats; those of a query are the number of its key. Each query has to select
    another sender: static attention, with the same ranking of senders for all receivers
    (``attention="gat"``), cannot; ``attention="gatv2"`` can with one layer and one
    head.

    Parameters
    ----------
    n_keys : int, default=10
        Number of keys, of queries and of values in a dictionary.
    n_dictionaries : int, default=100
        Number of dictionaries. They share numbers but no edges; each draws its own
        values.
    random_state : int, RandomState instance or None, default=None
        Seed of the values.

    Returns
    -------
    graph : skattn.graph.Graph
        A view with the ``n_dictionaries * n_keys`` queries as targets, dictionary by
        dictionary (``graph[: k * n_keys]`` are the first ``k``). Its base has
        ``2 * n_dictionaries * n_keys`` nodes with ``2 * n_keys`` features: the number,
        one-hot, then the value, one-hot (zero for a query).
    y : int array of shape (n_dictionaries * n_keys,)
        The value of each query's key.

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
    one = np.kron([[0, 1], [0, 0]], np.ones((n_keys, n_keys)))  # queries read keys
    adjacency = block_diag([one] * n_dictionaries, format="csr")
    is_query = np.tile(np.repeat([True, False], n_keys), n_dictionaries)
    graph = Graph(adjacency, X)
    return graph[is_query], values.ravel()
