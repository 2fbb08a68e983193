"""Lists of small graphs of communities."""

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from sklearn.utils import check_random_state

from skattn.graph import Graph
from skattn.graph._arguments import as_count

MOST_DRAWS = 1000
"""Number of draws in a row that may be in several pieces."""


def make_community_graphs(
    n_graphs: int = 100,
    n_communities: int = 2,
    *,
    min_nodes: int = 12,
    max_nodes: int = 20,
    p_within: float = 0.7,
    p_between: float = 0.05,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[list[Graph], list[np.ndarray]]:
    """Generate connected graphs of communities for graph generation.

    Stochastic block models, drawn until they are connected. Every block is drawn anew;
    in the community sets of publications all blocks of one size are equal, so that half
    of the test graphs are isomorphic to training graphs.

    Parameters
    ----------
    n_graphs : int, default=100
        Number of graphs.
    n_communities : int, default=2
        Number of communities of each graph; their sizes differ by at most 1.
    min_nodes, max_nodes : int, default=12 and 20
        Smallest and largest number of nodes of a graph, uniform between them.
    p_within, p_between : float, default=0.7 and 0.05
        Probability of an undirected edge between two nodes of the same community and
        of different communities.
    random_state : int, RandomState instance or None, default=None
        Random state of the sizes, communities and edges.

    Returns
    -------
    graphs : list of Graph
        Undirected and unweighted, without loops and features; nodes are numbered at
        random.
    communities : list of int array of shape (n_nodes,)
        Community of each node of each graph.

    Raises
    ------
    TypeError
        If a number of graphs, communities or nodes is not whole.
    ValueError
        If a number is less than 1, `min_nodes` less than `n_communities` or greater
        than `max_nodes`, or the probabilities are so low that no graph is connected.

    See Also
    --------
    make_communities : One graph, for node classification.

    References
    ----------
    J. You, R. Ying, X. Ren, W. Hamilton, J. Leskovec, "GraphRNN", ICML 2018, section
    4.1 (two communities with the probability 0.7).

    Examples
    --------
    >>> from skattn.datasets import make_community_graphs
    >>> graphs, communities = make_community_graphs(random_state=0)
    >>> len(graphs), graphs[0]
    (100, Graph(n_nodes=17, n_edges=110, n_features=0))
    """
    n_graphs = as_count(n_graphs, "n_graphs")
    n_communities = as_count(n_communities, "n_communities")
    min_nodes = as_count(min_nodes, "min_nodes", least=n_communities)
    max_nodes = as_count(max_nodes, "max_nodes", least=min_nodes)
    rng = check_random_state(random_state)
    graphs, communities = [], []
    for n_nodes in rng.randint(min_nodes, max_nodes + 1, size=n_graphs):
        y = rng.permutation(np.arange(n_nodes) % n_communities)
        p_edge = np.where(y[:, None] == y, p_within, p_between)
        graphs.append(_connected_graph(p_edge, rng))
        communities.append(y)
    return graphs, communities


def _connected_graph(p_edge: np.ndarray, rng: np.random.RandomState) -> Graph:
    for _ in range(MOST_DRAWS):
        upper = np.triu(rng.random_sample(p_edge.shape) < p_edge, k=1)
        adjacency = csr_array(upper | upper.T, dtype=np.float32)
        if connected_components(adjacency, return_labels=False) == 1:
            return Graph(adjacency)
    raise ValueError(
        "p_within and p_between must be so large that graphs are connected, but "
        f"{MOST_DRAWS} draws of {len(p_edge)} nodes were not. Increase them."
    )
