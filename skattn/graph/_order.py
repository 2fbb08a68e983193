"""An order of the nodes in which neighbours lie near each other in memory.

A step of training waits for the rows of senders. On 10 million edges whose nodes were
shuffled it took 1.26 s (gat) and 1.84 s (gatv2) as they were, 0.49 and 0.57 s once put
in order; to find the order took 0.1 s. See the growth in ``benchmarks/README.md``.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import reverse_cuthill_mckee

from skattn.graph._ragged_range import ragged_range

MIN_NODES = 50_000
"""Fewer rows mostly stay in the processor's caches in any order: at 20 thousand nodes
and a million edges a step took 0.06 s shuffled and 0.07 s in order in one run, 0.15 and
0.09 s in another."""
STRETCH = 4096
"""Receivers whose senders shall be much the same: rows of 128 to 1024 bytes that a
core's own cache just holds."""
N_STRETCHES = 4
WORTH = 0.5
"""Share of the distinct senders that may remain; to work on fewer is to gain."""
MAX_SORTING = 1000
"""Squared degrees per edge. The search sorts a node's neighbours by insertion: those of
a hub with 80 thousand take 3 s, of one with a million would take minutes."""


def local_order(adjacency: sparse.csr_array) -> NDArray[np.int64] | None:
    """Look for an order in which nodes are near their neighbours.

    First a few nodes are asked whether their surroundings share senders more than those
    who are neighbours in memory do; where they do not, as in a random graph, no order
    would help and none is sought. The order is the reverse Cuthill-McKee one.

    Parameters
    ----------
    adjacency : csr_array of shape (n_nodes, n_nodes)
        Row attends to column; edges in one direction are enough.

    Returns
    -------
    ndarray of shape (n_nodes,), int64, or None
        The nodes in their new order; None where the order that there is will do: the
        graph is small, its neighbours are near already, or it has no such order.

    References
    ----------
    Cuthill and McKee, "Reducing the bandwidth of sparse symmetric matrices", 1969.

    Examples
    --------
    Every node attends to four others of a ring, which are anywhere in memory.

    >>> import numpy as np
    >>> from scipy import sparse
    >>> from skattn.graph import local_order
    >>> names = np.random.default_rng(0).permutation(60_000)
    >>> ends = np.tile(names, 4), np.concatenate([np.roll(names, k) for k in range(4)])
    >>> adjacency = sparse.csr_array((np.ones(240_000), ends))
    >>> order = local_order(adjacency)
    >>> near = adjacency[order][:, order].tocoo()
    >>> int(np.median(abs(near.row - near.col))) < 10
    True
    """
    if adjacency.shape[0] < max(MIN_NODES, STRETCH) or _has_hubs(adjacency):
        return None
    starts = _starts(adjacency.shape[0])
    now = _spread(adjacency, [_in_a_row(start) for start in starts])
    possible = _spread(adjacency, [_around(adjacency, start) for start in starts])
    if possible > WORTH * now:
        return None
    order = reverse_cuthill_mckee(adjacency, symmetric_mode=True)
    then = _spread(adjacency, [order[_in_a_row(start)] for start in starts])
    return None if then > WORTH * now else order.astype(np.int64)


def _has_hubs(adjacency: sparse.csr_array) -> bool:
    degree = np.diff(adjacency.indptr).astype(np.float64)
    return bool(degree @ degree > MAX_SORTING * max(adjacency.nnz, 1))


def _starts(n_nodes: int) -> NDArray[np.int64]:
    """Return where to look: the first of a few stretches, evenly."""
    ends = np.linspace(0, n_nodes - STRETCH, N_STRETCHES + 2)
    return ends[1:-1].astype(np.int64)


def _in_a_row(start: np.int64) -> NDArray[np.int64]:
    return np.arange(start, start + STRETCH)


def _around(adjacency: sparse.csr_array, start: np.int64) -> NDArray[np.int64]:
    """Return the nodes that are the fewest steps from one of them."""
    found = ring = np.array([start])
    while len(found) < STRETCH:
        ring = np.setdiff1d(_senders(adjacency, ring), found)
        if not len(ring):
            break
        found = np.concatenate([found, ring[: STRETCH - len(found)]])
    return found


def _spread(adjacency: sparse.csr_array, stretches: list[NDArray[np.int64]]) -> float:
    """Return how many distinct senders there are per edge of some receivers."""
    senders = [_senders(adjacency, nodes) for nodes in stretches]
    n_distinct = sum(len(np.unique(found)) for found in senders)
    return n_distinct / max(sum(map(len, senders)), 1)


def _senders(
    adjacency: sparse.csr_array, nodes: NDArray[np.int64]
) -> NDArray[np.integer]:
    starts = adjacency.indptr[nodes]
    entries = ragged_range(starts, adjacency.indptr[nodes + 1] - starts)
    senders: NDArray[np.integer] = adjacency.indices[entries]
    return senders
