"""Graphs of communities from the stochastic block model."""

import numpy as np
from scipy.sparse import csr_array
from sklearn.utils import check_random_state

from skattn.graph import Graph


def make_communities(
    n_nodes: int = 100,
    n_communities: int = 2,
    *,
    n_features: int = 4,
    p_within: float = 0.2,
    p_between: float = 0.02,
    class_sep: float = 1.0,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[Graph, np.ndarray]:
    """Generate a graph of communities for node classification.

    A stochastic block model with Gaussian features. Edges and features depend on the
    community; with ``class_sep=0`` only edges do, with ``p_within == p_between`` only
    features.

    Parameters
    ----------
    n_nodes : int, default=100
        Number of nodes. Community sizes differ by at most 1.
    n_communities : int, default=2
        Number of communities, the classes.
    n_features : int, default=4
        Number of features, normal with unit variance around the community's centre.
    p_within, p_between : float, default=0.2 and 0.02
        Probability of an undirected edge between two nodes of the same community and
        of different communities.
    class_sep : float, default=1.0
        Standard deviation of the centres.
    random_state : int, RandomState instance or None, default=None
        Random state of the communities, edges and features.

    Returns
    -------
    graph : Graph
        Undirected and unweighted, without loops; ``X`` is (n_nodes, n_features).
    y : int array of shape (n_nodes,)
        Community of each node.

    References
    ----------
    P. W. Holland, K. B. Laskey, S. Leinhardt, "Stochastic blockmodels: first steps",
    Social Networks 5(2), 109-137, 1983.

    Examples
    --------
    >>> from skattn.datasets import make_communities
    >>> graph, y = make_communities(p_within=1, p_between=0, random_state=0)
    >>> graph.n_edges  # two cliques of 50
    4900
    """
    rng = check_random_state(random_state)
    y = rng.permutation(np.arange(n_nodes) % n_communities)
    centres = class_sep * rng.normal(size=(n_communities, n_features))
    X = centres[y] + rng.normal(size=(n_nodes, n_features))
    p_edge = np.where(y[:, None] == y, p_within, p_between)
    upper = np.triu(rng.random_sample(p_edge.shape) < p_edge, k=1)
    graph = Graph(csr_array(upper | upper.T, dtype=np.float32), X)
    return graph, y
