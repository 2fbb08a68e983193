"""Node order that stores neighbours close together in memory.

Training time depends on the memory locality of senders; see "Growth" in
benchmarks/README.md.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import reverse_cuthill_mckee

from skattn.graph._adjacency import as_csr
from skattn.graph._ragged_range import ragged_range

MIN_NODES = 50_000
"""Number of nodes below which the caches hold most rows in any order."""
SAMPLE_NODES = 4096
"""Number of receivers in a sample, about as many rows as a core's cache holds."""
N_SAMPLES = 4
"""Number of samples for estimating the locality of an order."""
MAX_SENDER_RATIO = 0.5
"""Maximum ratio of distinct senders after and before a useful reordering."""
MAX_SQUARED_DEGREES = 1000
"""Maximum sum of squared degrees per edge; Cuthill-McKee is slow with hubs."""


def local_order(adjacency: sparse.csr_array) -> NDArray[np.int64] | None:
    """Compute a node order that improves memory locality, if there is one.

    The reverse Cuthill-McKee order. It is used only if nodes that are close in the
    graph share more senders than nodes that are close in memory, as estimated on
    samples.

    Parameters
    ----------
    adjacency : csr_array of shape (n_nodes, n_nodes)
        Receivers are rows, senders columns.

    Returns
    -------
    ndarray of shape (n_nodes,), int64, or None
        Nodes in the new order; None if it would not improve locality or the graph is
        small.

    References
    ----------
    Cuthill and McKee, "Reducing the bandwidth of sparse symmetric matrices", 1969.

    Examples
    --------
    A ring graph with nodes in random order:

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
    adjacency = as_csr(adjacency)
    if adjacency.shape[0] < max(MIN_NODES, SAMPLE_NODES) or _has_hubs(adjacency):
        return None
    starts = _sample_starts(adjacency.shape[0])
    before = _senders_per_edge(adjacency, [_consecutive(start) for start in starts])
    local = [_nearest_nodes(adjacency, start) for start in starts]
    if _senders_per_edge(adjacency, local) > MAX_SENDER_RATIO * before:
        return None
    order = reverse_cuthill_mckee(adjacency, symmetric_mode=True)
    reordered = [order[_consecutive(start)] for start in starts]
    after = _senders_per_edge(adjacency, reordered)
    return None if after > MAX_SENDER_RATIO * before else order.astype(np.int64)


def _has_hubs(adjacency: sparse.csr_array) -> bool:
    degree = np.diff(adjacency.indptr).astype(np.float64)
    return bool(degree @ degree > MAX_SQUARED_DEGREES * max(adjacency.nnz, 1))


def _sample_starts(n_nodes: int) -> NDArray[np.int64]:
    """Return the first node of each sample, evenly spaced."""
    ends = np.linspace(0, n_nodes - SAMPLE_NODES, N_SAMPLES + 2)
    return ends[1:-1].astype(np.int64)


def _consecutive(start: np.int64) -> NDArray[np.int64]:
    return np.arange(start, start + SAMPLE_NODES)


def _nearest_nodes(adjacency: sparse.csr_array, start: np.int64) -> NDArray[np.int64]:
    """Return the `SAMPLE_NODES` nodes at the smallest hop distance from a node."""
    found = ring = np.array([start])
    while len(found) < SAMPLE_NODES:
        ring = np.setdiff1d(_senders(adjacency, ring), found)
        if not len(ring):
            break
        found = np.concatenate([found, ring[: SAMPLE_NODES - len(found)]])
    return found


def _senders_per_edge(
    adjacency: sparse.csr_array, samples: list[NDArray[np.int64]]
) -> float:
    """Return the number of distinct senders per edge in samples of receivers."""
    senders = [_senders(adjacency, nodes) for nodes in samples]
    n_distinct = sum(len(np.unique(found)) for found in senders)
    return n_distinct / max(sum(map(len, senders)), 1)


def _senders(
    adjacency: sparse.csr_array, nodes: NDArray[np.int64]
) -> NDArray[np.integer]:
    starts = adjacency.indptr[nodes]
    entries = ragged_range(starts, adjacency.indptr[nodes + 1] - starts)
    senders: NDArray[np.integer] = adjacency.indices[entries]
    return senders
