"""Statistics of graphs: distributions of degrees, clustering, orbits and spectra."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.graph._arguments import check_choice
from skattn.metrics._orbits import orbit_counts, triangle_counts
from skattn.metrics._simple_graphs import SimpleGraphs

CLUSTERING_BINS = 100
SPECTRUM_BINS = 200
_LOW, _HIGH = -1e-5, 2.0
"""Ends of the histogram of eigenvalues; 0 is inside."""
_BLOCK = 4_000_000
"""Number of entries of dense matrices that are decomposed at once."""


def graph_statistics(graphs: Any, statistic: str) -> NDArray[np.float64]:
    """Compute a statistic of each graph, by which lists of graphs are compared.

    Parameters
    ----------
    graphs : list of Graph
        Undirected graphs. Weights, loops, features and labels are ignored.
    statistic : {"degree", "clustering", "orbit", "spectrum"}
        "degree": share of the nodes with degree k, for k up to the largest degree of
        all graphs. "clustering": histogram of the nodes' clustering coefficients, 100
        bins between 0 and 1. "orbit": mean number of induced subgraphs of two to four
        nodes in which a node has each of the 15 positions (orbits), counted exactly.
        "spectrum": histogram of the eigenvalues of the normalised Laplacian, 200 bins
        between 0 and 2.

    Returns
    -------
    ndarray of shape (n_graphs, n_columns)
        One row per graph. Rows sum to 1, except those of "orbit".

    Raises
    ------
    TypeError
        If `graphs` is not a list of graphs.
    ValueError
        If there is no graph, a graph has no node or is directed, or the statistic is
        unknown.

    See Also
    --------
    graph_mmd : Distance between two lists of graphs by a statistic.

    References
    ----------
    J. You, R. Ying, X. Ren, W. Hamilton, J. Leskovec, "GraphRNN: generating realistic
    graphs with deep auto-regressive models", ICML 2018, section 4.3 (degree,
    clustering, orbit).

    R. Liao et al., "Efficient graph generation with graph recurrent attention
    networks", NeurIPS 2019, section 4 (spectrum).

    N. Pržulj, "Biological network comparison using graphlet degree distribution",
    Bioinformatics 23, 2007, figure 1 (numbers of the orbits).

    Examples
    --------
    A path of three nodes and a triangle:

    >>> from skattn import Graph
    >>> from skattn.metrics import graph_statistics
    >>> path = Graph([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> triangle = Graph([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    >>> graph_statistics([path, triangle], "degree").round(2)
    array([[0.  , 0.67, 0.33],
           [0.  , 0.  , 1.  ]])
    """
    check_choice(statistic, tuple(STATISTICS), "statistic")
    return STATISTICS[statistic](SimpleGraphs.of(graphs=graphs))


def _degree(graphs: SimpleGraphs) -> NDArray[np.float64]:
    degrees = graphs.degrees
    return _histograms(graphs, degrees, int(degrees.max()) + 1)


def _clustering(graphs: SimpleGraphs) -> NDArray[np.float64]:
    degrees = graphs.degrees
    n_pairs = degrees * (degrees - 1) // 2
    coefficients = triangle_counts(graphs.adjacency) / np.maximum(n_pairs, 1)
    ends = np.linspace(0, 1, CLUSTERING_BINS + 1)
    return _histograms(graphs, _bins(coefficients, ends), CLUSTERING_BINS)


def _orbit(graphs: SimpleGraphs) -> NDArray[np.float64]:
    counts = orbit_counts(graphs.adjacency).astype(np.float64)
    sums = np.add.reduceat(counts, graphs.node_ptr[:-1], axis=0)
    return np.asarray(sums / graphs.sizes[:, None])


def _spectrum(graphs: SimpleGraphs) -> NDArray[np.float64]:
    values = np.empty(graphs.node_ptr[-1])
    for size in np.unique(graphs.sizes):
        same = np.flatnonzero(graphs.sizes == size)
        n_at_once = max(1, _BLOCK // int(size) ** 2)
        for start in range(0, len(same), n_at_once):
            nodes = graphs.node_ptr[same[start : start + n_at_once], None]
            nodes = nodes + np.arange(size)
            values[nodes] = _eigenvalues(graphs, nodes)
    ends = np.linspace(_LOW, _HIGH, SPECTRUM_BINS + 1)
    return _histograms(graphs, _bins(values, ends), SPECTRUM_BINS)


def _eigenvalues(graphs: SimpleGraphs, nodes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return eigenvalues (n_graphs, size) of graphs with the nodes (n_graphs, size)."""
    n_graphs, size = nodes.shape
    matrices = np.zeros((n_graphs, size, size))
    for matrix, (start, *_) in zip(matrices, nodes, strict=True):
        indptr = graphs.adjacency.indptr[start : start + size + 1]
        senders = graphs.adjacency.indices[indptr[0] : indptr[-1]] - start
        matrix[np.repeat(np.arange(size), np.diff(indptr)), senders] = 1
    degrees = matrices.sum(axis=2)
    scale = np.where(degrees > 0, 1 / np.sqrt(np.maximum(degrees, 1)), 0)
    matrices *= -scale[:, :, None] * scale[:, None]
    diagonal = np.arange(size)
    matrices[:, diagonal, diagonal] = degrees > 0
    return np.asarray(np.linalg.eigvalsh(matrices), np.float64)


def _bins(values: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the bin of each value; those outside by rounding are in the outer bins."""
    found = np.searchsorted(ends, values, side="right") - 1
    return np.clip(found, 0, len(ends) - 2)


def _histograms(
    graphs: SimpleGraphs, bins: NDArray[np.int64], n_bins: int
) -> NDArray[np.float64]:
    """Return the shares (n_graphs, n_bins) of the nodes of each graph in the bins."""
    cells = graphs.graph_of_node * n_bins + bins
    counts = np.bincount(cells, minlength=len(graphs.sizes) * n_bins)
    return np.asarray(counts.reshape(-1, n_bins) / graphs.sizes[:, None])


STATISTICS: dict[str, Callable[[SimpleGraphs], NDArray[np.float64]]] = {
    "degree": _degree,
    "clustering": _clustering,
    "orbit": _orbit,
    "spectrum": _spectrum,
}
