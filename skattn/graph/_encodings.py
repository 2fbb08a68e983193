"""Positional encodings of nodes: random walks, Laplacian eigenvectors, degrees."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import ArpackNoConvergence, eigsh

from skattn.graph._ragged_range import ragged_range

KINDS = ("random_walk", "laplacian", "degree")

# Numbers in one block of walks or stack of matrices: 16 MB, of which few live at once.
_BLOCK = 2**21
# Share of nonzeros beyond which a block of walks becomes dense, which is then faster.
_DENSE_SHARE = 0.05
# Components of more nodes are decomposed one by one, for the wanted vectors alone.
_MAX_DENSE = 128
# Eigenvalues closer than this are one repeated eigenvalue.
_SAME_VALUE = 1e-9
# Share of the sum of absolute cubes below which a vector has no sign of its own.
_NO_SIGN = 1e-6
# Restarts after which factors are used: on long paths these are far faster.
_MAX_RESTARTS = 100
# Just beyond the largest eigenvalue, which is 1.
_BEYOND = 1 + 1e-6
# Vectors beyond the wanted, to see whether the last one's eigenvalue is repeated.
_EXTRA = 8


def positional_encoding(
    adjacency: sparse.csr_array,
    kind: str = "random_walk",
    n_components: int = 16,
    node_ptr: NDArray[np.int64] | None = None,
) -> NDArray[np.float32]:
    """Compute positional encodings of nodes.

    They are functions of the edges alone and permutation-equivariant.

    Parameters
    ----------
    adjacency : csr_array of shape (n_nodes, n_nodes)
        One graph or a disjoint union, weighted or not. Self-loops are not added.
    kind : {"random_walk", "laplacian", "degree"}, default="random_walk"
        Content of the columns:

        - "random_walk": return probabilities of a random walk along senders, in
          proportion to edge weights, after 1, 2, .., n_components steps: the diagonals
          of the powers of ``D^-1 A`` [1]_. A node without senders has zeros. Costs
          n_nodes * n_edges * n_components / 2 for one graph and less where
          neighbourhoods are small.
        - "laplacian": the eigenvectors of the symmetric normalised Laplacian with the
          smallest eigenvalues [2]_, of unit length in every connected component,
          without the first (which only holds degrees); zeros where a component has
          fewer. Directions of edges are left out: ``(A + A^T) / 2``. An eigenvector's
          sign is arbitrary, and in the space of a repeated eigenvalue so is the
          vector. Here the sign is such that the sum of cubes is positive; where that
          sum is zero a column holds absolute values; the columns of a repeated
          eigenvalue all hold the root mean square of its vectors.
        - "degree": a one in the column of the number of senders, 0 .. n_components - 2,
          or in the last one if there are more.
    n_components : int, default=16
        Number of columns.
    node_ptr : ndarray of shape (n_graphs + 1,) or None, default=None
        Graph g holds the nodes node_ptr[g] to node_ptr[g + 1]; only random walks need
        it, to be fast for many graphs. None: one graph.

    Returns
    -------
    ndarray of shape (n_nodes, n_components), float32
        One row per node.

    Raises
    ------
    ValueError
        If `kind` is not one of these or `n_components` less than 1.

    References
    ----------
    .. [1] V. P. Dwivedi et al., "Graph neural networks with learnable structural and
       positional representations", ICLR 2022.
    .. [2] V. P. Dwivedi et al., "Benchmarking graph neural networks", JMLR 2023.

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
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {KINDS}, got {kind!r}.")
    if n_components < 1:
        raise ValueError(f"n_components must be at least 1, got {n_components}.")
    if kind == "degree":
        return _degrees(adjacency, n_components)
    if kind == "laplacian":
        return _waves(adjacency, n_components)
    if node_ptr is None:
        node_ptr = np.array([0, adjacency.shape[0]])
    return _walks(adjacency, n_components, node_ptr)


def _degrees(adjacency: Any, n_components: int) -> NDArray[np.float32]:
    degree = np.minimum(np.diff(adjacency.indptr), n_components - 1)
    encoding: NDArray[np.float32] = (degree[:, None] == np.arange(n_components)).astype(
        np.float32
    )
    return encoding


def _balanced(adjacency: Any) -> Any:
    """Return ``D^-1/2 A D^-1/2``, whose powers have the diagonals of ``D^-1 A``'s."""
    degree = np.asarray(adjacency.sum(axis=1), dtype=np.float64)
    root = np.sqrt(np.divide(1, degree, out=np.zeros_like(degree), where=degree > 0))
    scale = sparse.diags_array(root, format="csr")
    return (scale @ adjacency.astype(np.float64) @ scale).tocsr()


def _walks(
    adjacency: Any, n_components: int, node_ptr: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return the diagonals of the powers of the transition matrix.

    A block of columns holds the walks to a few nodes of every graph at once: graphs
    are disjoint, so column j serves the j-th node of each.
    """
    steps, sizes = _balanced(adjacency), np.diff(node_ptr)
    encoding = np.zeros((steps.shape[0], n_components), dtype=np.float32)
    left = np.arange(steps.shape[0])  # nodes of graphs that are not done
    first = 0
    while len(left):
        width = int(np.clip(_BLOCK // len(left), 1, max(first, 16)))
        ends, returns = _returns(steps, sizes, first, width, n_components)
        encoding[left[ends]] = returns
        first += width
        larger = sizes > first
        if not larger.all():
            nodes = np.flatnonzero(np.repeat(larger, sizes))
            steps, left = steps[nodes][:, nodes], left[nodes]
            sizes = sizes[larger]
    return encoding


def _returns(
    steps: Any, sizes: NDArray[np.int64], first: int, width: int, n_components: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return up to `width` nodes of every graph and their return probabilities.

    The nodes of a graph start at its `first`. ``(S^(a + b))[i, i]`` is the product of
    row i of ``S^a`` and column i of ``S^b``, so that walks of half the length suffice.
    """
    node_ptr = np.concatenate([[0], np.cumsum(sizes)])
    counts = np.clip(sizes - first, 0, width)
    graphs = np.repeat(np.arange(len(sizes)), counts)
    columns = ragged_range(np.zeros_like(counts), counts)
    ends = node_ptr[:-1][graphs] + first + columns
    shape = (int(node_ptr[-1]), int(counts.max()))
    forth = sparse.csr_array((np.ones(len(ends)), (ends, columns)), shape=shape)
    back, symmetric = forth, (steps != steps.T).nnz == 0
    ones = np.ones(shape[0])
    members = sparse.csr_array((ones, np.arange(shape[0]), node_ptr))
    diagonals = np.empty((len(ends), n_components))
    for k in range(n_components):
        if k % 2 == 0:
            forth = _advance(steps, forth)
        else:
            back = forth if symmetric else _advance(steps.T, back)
        products = _dense(members @ (forth * back))
        diagonals[:, k] = products[graphs, columns]
    return ends, diagonals


def _advance(steps: Any, walks: Any) -> Any:
    walks = steps @ walks
    if sparse.issparse(walks) and walks.nnz > _DENSE_SHARE * np.prod(walks.shape):
        return walks.toarray()
    return walks


def _dense(matrix: Any) -> Any:
    return matrix.toarray() if sparse.issparse(matrix) else matrix


def _waves(adjacency: Any, n_components: int) -> NDArray[np.float32]:
    """Return eigenvectors of every component's Laplacian, with fixed signs."""
    n_nodes = adjacency.shape[0]
    encoding = np.zeros((n_nodes, n_components), dtype=np.float32)
    _, labels = connected_components(adjacency, directed=False)
    sizes = np.bincount(labels, minlength=1)[labels] if n_nodes else labels
    order = np.lexsort((labels, sizes))  # components of one size side by side
    balanced = _balanced((adjacency + adjacency.T) / 2)[order][:, order]
    bounds = np.flatnonzero(np.diff(sizes[order], prepend=0, append=n_nodes + 1))
    for start, stop in pairwise(bounds):
        size = int(sizes[order[start]])
        share = size * (1 if size > _MAX_DENSE else _BLOCK // size**2)
        for low in range(start, stop if size > 1 else start, share):
            nodes = slice(low, min(low + share, stop))
            values, vectors = _spectrum(balanced[nodes, nodes], size, n_components)
            kept = _settled(values, vectors)[:, :, :n_components]
            encoding[order[nodes], : kept.shape[2]] = np.concatenate(kept)
    return encoding


def _spectrum(
    balanced: Any, size: int, n_components: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return eigenvalues (n, m), largest first, and eigenvectors (n, size, m).

    The largest eigenvalue of ``D^-1/2 A D^-1/2`` is the smallest of the Laplacian. The
    first vector of each of the n components, all of one size, is left out.
    """
    n_wanted = n_components + 1 + _EXTRA
    if size > _MAX_DENSE and n_wanted < size // 2:
        values, vectors = _largest(balanced, n_wanted)
    else:
        entries = balanced.tocoo()
        stack = np.zeros((balanced.shape[0] // size, size, size))
        at = entries.row // size, entries.row % size, entries.col % size
        stack[at] = entries.data
        values, vectors = np.linalg.eigh(stack)
    return values[:, -2::-1], vectors[:, :, -2::-1]


def _largest(balanced: Any, n_wanted: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return some eigenvalues (1, m) and vectors (1, size, m) of one large matrix."""
    start = np.random.default_rng(0).uniform(-1, 1, balanced.shape[0])
    try:
        values, vectors = eigsh(
            balanced, n_wanted, which="LA", v0=start, maxiter=_MAX_RESTARTS
        )
    except ArpackNoConvergence:
        # Eigenvalues lie close together in long, thin graphs, and factors stay sparse.
        values, vectors = eigsh(balanced.tocsc(), n_wanted, sigma=_BEYOND, v0=start)
    order = np.argsort(values)
    return values[None, order], vectors[None][:, :, order]


def _settled(
    values: NDArray[np.float64], vectors: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Fix the sign and the basis of eigenvectors (n, size, m) by a rule."""
    n, size, m = vectors.shape
    rows = vectors.transpose(0, 2, 1).reshape(n * m, size)
    new = np.diff(values, axis=1, prepend=np.inf).ravel() < -_SAME_VALUE
    space = np.cumsum(new) - 1
    dims = np.bincount(space)
    squares = np.add.reduceat(rows**2, np.flatnonzero(new)) / dims[:, None]
    cubes = np.sum(rows**3, axis=1)
    unsigned = np.abs(cubes) <= _NO_SIGN * np.sum(np.abs(rows) ** 3, axis=1)
    arbitrary = unsigned | (dims[space] > 1)
    settled: NDArray[np.float64] = np.where(
        arbitrary[:, None], np.sqrt(squares)[space], rows * np.sign(cubes)[:, None]
    )
    return settled.reshape(n, m, size).transpose(0, 2, 1)
