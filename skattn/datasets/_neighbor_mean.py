"""Regression task: the mean feature of a node's senders."""

import numpy as np
from scipy.sparse import csr_array
from sklearn.utils import check_random_state

from skattn.graph import Graph


def make_neighbor_mean(
    n_nodes: int = 100,
    n_neighbors: int = 4,
    *,
    n_features: int = 3,
    noise: float = 0.0,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[Graph, np.ndarray]:
    """Generate a node regression task: the mean first feature of a node's senders.

    The features of a node are independent of its label, so a model without message
    passing has an R² of at most 0. Uniform attention solves the task.

    Parameters
    ----------
    n_nodes : int, default=100
        Number of nodes.
    n_neighbors : int, default=4
        Number of random senders of each node.
    n_features : int, default=3
        Number of standard normal features; labels depend on the first one.
    noise : float, default=0.0
        Standard deviation of the Gaussian noise of labels.
    random_state : int, RandomState instance or None, default=None
        Random state of the edges, features and noise.

    Returns
    -------
    graph : Graph
        Directed and unweighted, without loops; ``X`` is (n_nodes, n_features).
    y : float array of shape (n_nodes,)
        ``adjacency @ X[:, 0] / n_neighbors`` plus noise.

    Raises
    ------
    ValueError
        If ``n_neighbors`` is not between 1 and ``n_nodes - 1``.

    Examples
    --------
    >>> import numpy as np
    >>> from skattn.datasets import make_neighbor_mean
    >>> graph, y = make_neighbor_mean(random_state=0)
    >>> bool(np.allclose(graph.adjacency @ graph.X[:, 0] / 4, y))
    True
    """
    if not 0 < n_neighbors < n_nodes:
        raise ValueError(
            f"n_neighbors must lie between 1 and n_nodes - 1 ({n_nodes - 1}), got "
            f"{n_neighbors}. A node is not its own sender."
        )
    rng = check_random_state(random_state)
    X = rng.normal(size=(n_nodes, n_features))
    keys = rng.random_sample((n_nodes, n_nodes))
    np.fill_diagonal(keys, np.inf)  # no self-loops
    senders = np.argsort(keys, axis=1)[:, :n_neighbors]
    indptr = np.arange(0, senders.size + 1, n_neighbors)
    adjacency = csr_array(
        (np.ones(senders.size, np.float32), senders.ravel(), indptr),
        shape=(n_nodes, n_nodes),
    )
    y = X[senders, 0].mean(axis=1) + noise * rng.normal(size=n_nodes)
    return Graph(adjacency, X), y
