"""Random trees with a known probability."""

import heapq

import numpy as np
from sklearn.utils import check_random_state

from skattn.graph import Graph
from skattn.graph._arguments import as_count


def make_trees(
    n_graphs: int = 100,
    n_nodes: int = 12,
    *,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[list[Graph], np.ndarray]:
    """Generate trees for graph generation, uniform over all numbered trees.

    There are ``n_nodes ** (n_nodes - 2)`` trees of numbered nodes (Cayley's formula),
    so the log-likelihood that a generator can reach at most is known.

    Parameters
    ----------
    n_graphs : int, default=100
        Number of trees.
    n_nodes : int, default=12
        Number of nodes of each tree.
    random_state : int, RandomState instance or None, default=None
        Random state of the trees.

    Returns
    -------
    graphs : list of Graph
        Undirected and unweighted, without features.
    log_p : float array of shape (n_graphs,)
        Log-probability of each tree in nats, ``-(n_nodes - 2) * log(n_nodes)``.

    Raises
    ------
    TypeError
        If a number is not whole.
    ValueError
        If a number is less than 1.

    References
    ----------
    H. Prüfer, "Neuer Beweis eines Satzes über Permutationen", Archiv der Mathematik und
    Physik 27, 1918 (trees from sequences of numbers).

    Examples
    --------
    >>> from skattn.datasets import make_trees
    >>> graphs, log_p = make_trees(400, random_state=0)
    >>> graphs[0], log_p[0].round(3)
    (Graph(n_nodes=12, n_edges=22, n_features=0), np.float64(-24.849))
    """
    n_graphs, n_nodes = as_count(n_graphs, "n_graphs"), as_count(n_nodes, "n_nodes")
    rng = check_random_state(random_state)
    graphs = [_tree(n_nodes, rng) for _ in range(n_graphs)]
    return graphs, np.full(n_graphs, -max(n_nodes - 2, 0) * np.log(n_nodes))


def _tree(n_nodes: int, rng: np.random.RandomState) -> Graph:
    """Decode a random Prüfer sequence: each number is joined to the smallest leaf."""
    adjacency = np.zeros((n_nodes, n_nodes), np.float32)
    sequence = rng.randint(n_nodes, size=max(n_nodes - 2, 0))
    missing = np.bincount(sequence, minlength=n_nodes)  # neighbours to come, less one
    leaves = np.flatnonzero(missing == 0).tolist()  # sorted: a heap
    for node in sequence.tolist():
        leaf = heapq.heappop(leaves)
        adjacency[leaf, node] = adjacency[node, leaf] = 1
        missing[node] -= 1
        if missing[node] == 0:
            heapq.heappush(leaves, node)
    if n_nodes > 1:
        first, second = leaves
        adjacency[first, second] = adjacency[second, first] = 1
    return Graph(adjacency)
