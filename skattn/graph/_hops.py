"""k-hop neighbourhoods."""

import numpy as np
from scipy import sparse

from skattn.graph._adjacency import as_csr, index_dtype
from skattn.graph._arguments import as_count


def hop_adjacency(adjacency: sparse.csr_array, k: int) -> sparse.csr_array:
    """Compute the adjacency of k-hop neighbourhoods, with self-loops.

    Parameters
    ----------
    adjacency : csr_array of shape (n_nodes, n_nodes)
        Receivers are rows, senders columns; a hop leads from a receiver to a sender.
    k : int
        Maximum number of hops, at least 1.

    Returns
    -------
    csr_array of shape (n_nodes, n_nodes)
        Float32 ones where the column is at most k hops from the row, sorted; parallel
        edges are merged.

    Raises
    ------
    TypeError
        If ``k`` is no whole number.
    ValueError
        If ``k`` is less than 1.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from skattn.graph import hop_adjacency
    >>> chain = csr_array([[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]])
    >>> hop_adjacency(chain, 2).toarray()
    array([[1., 1., 1., 0.],
           [0., 1., 1., 1.],
           [0., 0., 1., 1.],
           [0., 0., 0., 1.]], dtype=float32)
    """
    k = as_count(k, "k", remedy="Use 1 for the edges.")
    adjacency = as_csr(adjacency)
    step = _ones(adjacency + sparse.eye_array(adjacency.shape[0], format="csr"))
    reach = step
    for _ in range(min(k, adjacency.shape[0]) - 1):
        reach = _ones(reach @ step)
    return reach


def _ones(matrix: sparse.csr_array) -> sparse.csr_array:
    """Return a matrix of ones at the entries of another, merged and sorted."""
    matrix.sum_duplicates()
    index = index_dtype(matrix.shape[0], matrix.nnz)
    parts = (
        np.ones(matrix.nnz, dtype=np.float32),
        matrix.indices.astype(index, copy=False),
        matrix.indptr.astype(index, copy=False),
    )
    return sparse.csr_array(parts, shape=matrix.shape)
