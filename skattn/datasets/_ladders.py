"""Ladder graphs in random numberings, with a known probability."""

from math import lgamma, log

import numpy as np
from sklearn.utils import check_random_state

from skattn.graph import Graph
from skattn.graph._arguments import as_count


def make_ladders(
    n_graphs: int = 100,
    *,
    min_rungs: int = 3,
    max_rungs: int = 8,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[list[Graph], np.ndarray]:
    """Generate ladders for graph generation: two paths, joined by rungs.

    There is one ladder of each number of rungs, but for the numbers of its nodes, which
    are random. A generator must learn long-range regularity: whether a node ends the
    ladder depends on its whole length.

    Parameters
    ----------
    n_graphs : int, default=100
        Number of ladders.
    min_rungs, max_rungs : int, default=3 and 8
        Smallest and largest number of rungs, uniform between them. A ladder has two
        nodes per rung.
    random_state : int, RandomState instance or None, default=None
        Random state of lengths and numberings.

    Returns
    -------
    graphs : list of Graph
        Undirected and unweighted, without features.
    log_p : float array of shape (n_graphs,)
        Log-probability of each numbered ladder in nats: that of its length, less the
        logarithm of ``n_nodes! / n_automorphisms``, of which there are 4 from three
        rungs on.

    Raises
    ------
    TypeError
        If a number is not whole.
    ValueError
        If a number is less than 1, or `max_rungs` less than `min_rungs`.

    Examples
    --------
    >>> from skattn.datasets import make_ladders
    >>> graphs, log_p = make_ladders(20, min_rungs=3, max_rungs=3, random_state=0)
    >>> graphs[0], log_p[0].round(3)  # 720 / 4 = 180 numberings
    (Graph(n_nodes=6, n_edges=14, n_features=0), np.float64(-5.193))
    """
    n_graphs = as_count(n_graphs, "n_graphs")
    min_rungs = as_count(min_rungs, "min_rungs")
    max_rungs = as_count(max_rungs, "max_rungs")
    if max_rungs < min_rungs:
        raise ValueError(
            f"max_rungs must be at least min_rungs ({min_rungs}), got {max_rungs}."
        )
    rng = check_random_state(random_state)
    n_rungs = rng.randint(min_rungs, max_rungs + 1, size=n_graphs)
    graphs = [_ladder(int(n), rng) for n in n_rungs]
    n_lengths = max_rungs - min_rungs + 1
    log_p = [-log(n_lengths) - _log_numberings(int(n)) for n in n_rungs]
    return graphs, np.array(log_p)


def _ladder(n_rungs: int, rng: np.random.RandomState) -> Graph:
    nodes = rng.permutation(2 * n_rungs).reshape(2, n_rungs)
    pairs = np.concatenate(
        [nodes.T, *(np.stack([side[:-1], side[1:]], axis=1) for side in nodes)]
    )
    adjacency = np.zeros((2 * n_rungs, 2 * n_rungs), np.float32)
    adjacency[pairs[:, 0], pairs[:, 1]] = adjacency[pairs[:, 1], pairs[:, 0]] = 1
    return Graph(adjacency)


def _log_numberings(n_rungs: int) -> float:
    """Return the logarithm of the number of different numbered ladders."""
    n_automorphisms = {1: 2, 2: 8}.get(n_rungs, 4)  # an edge, a square
    return lgamma(2 * n_rungs + 1) - log(n_automorphisms)
