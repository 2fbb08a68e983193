"""Random graphs of communities (stochastic block model)."""

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
    """Make a graph of communities: more edges within them than between them.

    The stochastic block model with features. Both edges and features depend on the
    community: with ``class_sep=0`` only the edges do, with ``p_within == p_between``
    only the features.

    Parameters
    ----------
    n_nodes : int, default=100
        Number of nodes. The communities differ in size by one at most.
    n_communities : int, default=2
        Number of communities.
    n_features : int, default=4
        Number of features, standard normal around the community's centre.
    p_within, p_between : float, default=0.2 and 0.02
        Probability of an undirected edge between two nodes of one community, and of
        two communities.
    class_sep : float, default=1.0
        Standard deviation of the communities' centres.
    random_state : int, RandomState instance or None, default=None
        Seed of the communities, edges and features.

    Returns
    -------
    graph : skattn.graph.Graph
        Undirected, unweighted, without loops; ``X`` has shape (n_nodes, n_features).
    y : int array of shape (n_nodes,)
        The community of each node.

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
