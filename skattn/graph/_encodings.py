"""Positional encodings of nodes: random walks, Laplacian eigenvectors, degrees."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import ArpackNoConvergence, eigsh

from skattn.graph._adjacency import as_csr
from skattn.graph._arguments import as_count, check_choice
from skattn.graph._available_memory import available_memory
from skattn.graph._ragged_range import ragged_range

KINDS = ("random_walk", "laplacian", "degree")

# Numbers in a block of random walks or a stack of dense matrices (16 MB).
_BLOCK_SIZE = 2**21
# Share of nonzeros above which dense blocks of random walks are faster.
_DENSE_SHARE = 0.05
# Number of nodes above which a component is decomposed alone, by Lanczos iterations.
_MAX_DENSE = 128
# Maximum difference between equal eigenvalues.
_EIGENVALUE_TOLERANCE = 1e-9
# Sum of cubes relative to that of absolute cubes, below which the sign is undetermined.
_SIGN_TOLERANCE = 1e-6
# Lanczos restarts before shift-invert mode, which is faster on long paths.
_MAX_RESTARTS = 100
# Shift, just above the largest eigenvalue (1).
_SHIFT = 1 + 1e-6
# Additional vectors, which show whether the last eigenvalue is repeated.
_N_EXTRA = 8


def positional_encoding(
    adjacency: sparse.csr_array,
    kind: str = "random_walk",
    n_components: int = 16,
    node_ptr: NDArray[np.int64] | None = None,
) -> NDArray[np.float32]:
    """Compute positional encodings of nodes.

    Encodings depend on the edges alone and are permutation-equivariant.

    Parameters
    ----------
    adjacency : csr_array of shape (n_nodes, n_nodes)
        One graph or a disjoint union, weighted or not. Self-loops are not added.
    kind : {"random_walk", "laplacian", "degree"}, default="random_walk"
        Kind of encoding.

        - "random_walk": probabilities that a random walk returns to its first node
          after 1, 2, ..., ``n_components`` steps, the diagonals of the powers of
          ``D^-1 A`` (Dwivedi et al. 2022). A step leads from a receiver to a sender, in
          proportion to edge weights. Zeros for nodes without senders. The cost is at
          most proportional to ``n_nodes * n_edges * n_components``.
        - "laplacian": eigenvectors of the symmetric normalised Laplacian with the
          smallest eigenvalues (Dwivedi et al. 2023), per connected component, with unit
          length, without the first one; zeros if a component has fewer. Edge directions
          are ignored: ``(A + A^T) / 2``. Signs are chosen so that the sum of cubes is
          positive; if it is zero, absolute values are returned, and for a repeated
          eigenvalue the root mean square of its eigenvectors.
        - "degree": one-hot number of senders; the last column is for
          ``n_components - 1`` and more.
    n_components : int, default=16
        Number of columns.
    node_ptr : ndarray of shape (n_graphs + 1,) or None, default=None
        Graph g holds the nodes ``node_ptr[g]`` to ``node_ptr[g + 1]``, which makes
        random walks on many graphs faster. None means one graph.

    Returns
    -------
    ndarray of shape (n_nodes, n_components), float32
        One row per node.

    Raises
    ------
    TypeError
        If ``n_components`` is no whole number.
    ValueError
        If ``kind`` is unknown, ``n_components`` is less than 1, or the encoding does
        not fit into memory.

    See Also
    --------
    skattn.preprocessing.PositionalEncoding : The corresponding transformer.

    References
    ----------
    Dwivedi et al., "Graph neural networks with learnable structural and
    positional representations", ICLR 2022.

    Dwivedi et al., "Benchmarking graph neural networks", JMLR 2023.

    Examples
    --------
    >>> from skattn import Graph
    >>> from skattn.graph import positional_encoding
    >>> path = Graph([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> positional_encoding(path.adjacency, "random_walk", 4)
    array([[0. , 0.5, 0. , 0.5],
           [0. , 1. , 0. , 1. ],
           [0. , 0.5, 0. , 0.5]], dtype=float32)
    """
    check_choice(kind, KINDS, "kind")
    n_components = as_count(n_components, "n_components")
    adjacency = as_csr(adjacency)
    _check_memory(adjacency.shape[0], n_components)
    if kind == "degree":
        return _one_hot_degrees(adjacency, n_components)
    if kind == "laplacian":
        return _laplacian_eigenvectors(adjacency, n_components)
    if node_ptr is None:
        node_ptr = np.array([0, adjacency.shape[0]])
    return _return_probabilities(adjacency, n_components, node_ptr)


def _check_memory(n_nodes: int, n_components: int) -> None:
    left = available_memory()
    if left is not None and 4 * n_nodes * n_components > left:
        raise ValueError(
            f"n_components must be so small that {n_nodes} x n_components numbers fit "
            f"into memory ({left / 1e9:.1f} GB), got {n_components}."
        )


def _one_hot_degrees(adjacency: Any, n_components: int) -> NDArray[np.float32]:
    degree = np.minimum(np.diff(adjacency.indptr), n_components - 1)
    encoding: NDArray[np.float32] = (degree[:, None] == np.arange(n_components)).astype(
        np.float32
    )
    return encoding


def _normalised(adjacency: Any) -> Any:
    """Return ``D^-1/2 A D^-1/2``; its powers have the diagonals of ``(D^-1 A)^k``."""
    adjacency = adjacency.astype(np.float64)
    degree = np.asarray(adjacency.sum(axis=1))
    root = np.sqrt(np.divide(1, degree, out=np.zeros_like(degree), where=degree > 0))
    scale = sparse.diags_array(root, format="csr")
    return (scale @ adjacency @ scale).tocsr()


def _return_probabilities(
    adjacency: Any, n_components: int, node_ptr: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return the diagonals of the powers of the transition matrix.

    Graphs are disjoint, so column j of a block holds the walks of the j-th node of
    every graph.
    """
    steps, sizes = _normalised(adjacency), np.diff(node_ptr)
    encoding = np.zeros((steps.shape[0], n_components), dtype=np.float32)
    remaining = np.arange(steps.shape[0])  # nodes of unfinished graphs
    first = 0
    while len(remaining):
        width = int(np.clip(_BLOCK_SIZE // len(remaining), 1, max(first, 16)))
        ends, returns = _returns_of_block(steps, sizes, first, width, n_components)
        encoding[remaining[ends]] = returns
        first += width
        larger = sizes > first
        if not larger.all():
            nodes = np.flatnonzero(np.repeat(larger, sizes))
            steps, remaining = steps[nodes][:, nodes], remaining[nodes]
            sizes = sizes[larger]
    return encoding


def _returns_of_block(
    steps: Any, sizes: NDArray[np.int64], first: int, width: int, n_components: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return nodes `first` to `first + width` of every graph, and their probabilities.

    ``(S^(a + b))[i, i]`` is the product of row i of ``S^a`` and column i of ``S^b``, so
    walks of half the length suffice.
    """
    node_ptr = np.concatenate([[0], np.cumsum(sizes)])
    counts = np.clip(sizes - first, 0, width)
    graphs = np.repeat(np.arange(len(sizes)), counts)
    columns = ragged_range(np.zeros_like(counts), counts)
    ends = node_ptr[:-1][graphs] + first + columns
    shape = (int(node_ptr[-1]), int(counts.max()))
    forward = sparse.csr_array((np.ones(len(ends)), (ends, columns)), shape=shape)
    backward, symmetric = forward, (steps != steps.T).nnz == 0
    ones = np.ones(shape[0])
    members = sparse.csr_array((ones, np.arange(shape[0]), node_ptr))
    diagonals = np.empty((len(ends), n_components))
    for k in range(n_components):
        if k % 2 == 0:
            forward = _advance(steps, forward)
        else:
            backward = forward if symmetric else _advance(steps.T, backward)
        products = _dense(members @ (forward * backward))
        diagonals[:, k] = products[graphs, columns]
    return ends, diagonals


def _advance(steps: Any, walks: Any) -> Any:
    """Return the walks after another step, dense if many entries are nonzero."""
    walks = steps @ walks
    if sparse.issparse(walks) and walks.nnz > _DENSE_SHARE * np.prod(walks.shape):
        return walks.toarray()
    return walks


def _dense(matrix: Any) -> Any:
    return matrix.toarray() if sparse.issparse(matrix) else matrix


def _laplacian_eigenvectors(adjacency: Any, n_components: int) -> NDArray[np.float32]:
    """Return eigenvectors of the Laplacian of every component, with fixed signs."""
    n_nodes = adjacency.shape[0]
    encoding = np.zeros((n_nodes, n_components), dtype=np.float32)
    _, labels = connected_components(adjacency, directed=False)
    sizes = np.bincount(labels, minlength=1)[labels] if n_nodes else labels
    order = np.lexsort((labels, sizes))  # groups components of one size
    weights = adjacency.astype(np.float64)
    normalised = _normalised((weights + weights.T) / 2)[order][:, order]
    bounds = np.flatnonzero(np.diff(sizes[order], prepend=0, append=n_nodes + 1))
    for start, stop in pairwise(bounds):
        size = int(sizes[order[start]])
        share = size * (1 if size > _MAX_DENSE else _BLOCK_SIZE // size**2)
        for low in range(start, stop if size > 1 else start, share):
            nodes = slice(low, min(low + share, stop))
            values, vectors = _eigenpairs(normalised[nodes, nodes], size, n_components)
            canonical = _canonical(values, vectors)[:, :, :n_components]
            encoding[order[nodes], : canonical.shape[2]] = np.concatenate(canonical)
    return encoding


def _eigenpairs(
    normalised: Any, size: int, n_components: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return eigenvalues (n, m) and eigenvectors (n, size, m) of n components.

    The eigenvalues of ``D^-1/2 A D^-1/2`` descend, those of the Laplacian ascend. The
    first one is omitted.
    """
    n_wanted = n_components + 1 + _N_EXTRA
    if size > _MAX_DENSE and n_wanted < size // 2:
        values, vectors = _largest_eigenpairs(normalised, n_wanted)
    else:
        entries = normalised.tocoo()
        stack = np.zeros((normalised.shape[0] // size, size, size))
        at = entries.row // size, entries.row % size, entries.col % size
        stack[at] = entries.data
        values, vectors = np.linalg.eigh(stack)
    return values[:, -2::-1], vectors[:, :, -2::-1]


def _largest_eigenpairs(
    normalised: Any, n_wanted: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the largest eigenvalues (1, m) and their eigenvectors (1, size, m)."""
    start = np.random.default_rng(0).uniform(-1, 1, normalised.shape[0])
    try:
        values, vectors = eigsh(
            normalised, n_wanted, which="LA", v0=start, maxiter=_MAX_RESTARTS
        )
    except ArpackNoConvergence:
        # Long, thin graphs have close eigenvalues and sparse factors.
        values, vectors = eigsh(normalised.tocsc(), n_wanted, sigma=_SHIFT, v0=start)
    order = np.argsort(values)
    return values[None, order], vectors[None][:, :, order]


def _canonical(
    values: NDArray[np.float64], vectors: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return eigenvectors (n, size, m) in a form independent of sign and basis."""
    n, size, m = vectors.shape
    rows = vectors.transpose(0, 2, 1).reshape(n * m, size)
    new = np.diff(values, axis=1, prepend=np.inf).ravel() < -_EIGENVALUE_TOLERANCE
    space = np.cumsum(new) - 1
    dims = np.bincount(space)
    squares = np.add.reduceat(rows**2, np.flatnonzero(new)) / dims[:, None]
    cubes = np.sum(rows**3, axis=1)
    unsigned = np.abs(cubes) <= _SIGN_TOLERANCE * np.sum(np.abs(rows) ** 3, axis=1)
    arbitrary = unsigned | (dims[space] > 1)
    settled: NDArray[np.float64] = np.where(
        arbitrary[:, None], np.sqrt(squares)[space], rows * np.sign(cubes)[:, None]
    )
    return settled.reshape(n, m, size).transpose(0, 2, 1)
