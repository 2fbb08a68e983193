"""Counts of graphlets: induced subgraphs of up to four nodes at every node."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from skattn.graph._adjacency import entry_rows
from skattn.metrics._orbit_kernels import dense_subgraphs, squares

N_ORBITS = 15


def triangle_counts(adjacency: sparse.csr_array) -> NDArray[np.int64]:
    """Return the number of triangles (n_nodes,) at each node of a simple graph."""
    triangles, _, _ = dense_subgraphs(adjacency.indptr, adjacency.indices)
    return _sum_of_rows(adjacency, triangles) // 2


def orbit_counts(adjacency: sparse.csr_array) -> NDArray[np.int64]:
    """Count the orbits (n_nodes, 15) of every node of a simple graph.

    Column k is the number of induced subgraphs in which the node has position k. The
    numbers are those of Pržulj (2007), figure 1: edge 0; path 1 (end), 2; triangle 3;
    path of four nodes 4 (end), 5; star 6 (leaf), 7; cycle 8; triangle with a tail 9
    (its end), 10, 11 (where the tail begins); diamond 12 (outer), 13; clique 14.

    Subgraphs are counted with any further edges first, from degrees and triangles.
    Those of more edges are then subtracted, the densest first, as in Hočevar and
    Demšar, "A combinatorial approach to graphlet counting", Bioinformatics 30, 2014.
    """
    triangles, cliques, outer = dense_subgraphs(adjacency.indptr, adjacency.indices)
    degree = np.diff(adjacency.indptr)
    o = np.zeros((N_ORBITS, len(degree)), np.int64)
    o[0], o[3] = degree, _sum_of_rows(adjacency, triangles) // 2
    pairs = degree * (degree - 1) // 2
    o[2] = pairs - o[3]
    o[1] = adjacency @ (degree - 1) - 2 * o[3]
    o[14] = cliques
    o[13] = _sum_of_rows(adjacency, triangles * (triangles - 1) // 2) - 3 * o[14]
    o[12] = outer - 3 * o[14]
    cycles = squares(adjacency.indptr, adjacency.indices)
    o[8] = cycles - o[12] - o[13] - 3 * o[14]
    _add_tailed_triangles(o, adjacency, triangles)
    _add_stars(o, adjacency)
    _add_paths(o, adjacency, triangles)
    return np.ascontiguousarray(o.T)


def _add_tailed_triangles(
    o: NDArray[np.int64], adjacency: sparse.csr_array, triangles: NDArray[np.int64]
) -> None:
    degree, senders = o[0], adjacency.indices
    begins = o[3] * (degree - 2)
    insides = _sum_of_rows(adjacency, triangles * (degree[senders] - 2))
    ends = _sum_of_rows(adjacency, o[3][senders] - triangles)
    o[11] = begins - 2 * o[13] - 3 * o[14]
    o[10] = insides - 2 * o[12] - 2 * o[13] - 6 * o[14]
    o[9] = ends - 2 * o[12] - 3 * o[14]


def _add_stars(o: NDArray[np.int64], adjacency: sparse.csr_array) -> None:
    degree = o[0]
    centres = degree * (degree - 1) * (degree - 2) // 6
    leaves = adjacency @ ((degree - 1) * (degree - 2) // 2)
    o[7] = centres - o[11] - o[13] - o[14]
    o[6] = leaves - o[9] - o[10] - 2 * o[12] - o[13] - 3 * o[14]


def _add_paths(
    o: NDArray[np.int64], adjacency: sparse.csr_array, triangles: NDArray[np.int64]
) -> None:
    degree, senders = o[0], adjacency.indices
    further = degree - 1
    walks = adjacency @ (adjacency @ further) - degree * further
    ends = walks - 2 * o[3]
    products = further[entry_rows(adjacency)] * further[senders]
    middles = _sum_of_rows(adjacency, products - triangles)
    o[4] = ends - 2 * o[8] - 2 * o[9] - o[10] - 4 * o[12] - 2 * o[13] - 6 * o[14]
    o[5] = middles - 2 * o[8] - o[10] - 2 * o[11] - 2 * o[12] - 4 * o[13] - 6 * o[14]


def _sum_of_rows(
    adjacency: sparse.csr_array, values: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the sum (n_nodes,) of the values (n_entries,) of each row."""
    sums = np.concatenate([[0], np.cumsum(values)])
    totals: NDArray[np.int64] = sums[adjacency.indptr[1:]] - sums[adjacency.indptr[:-1]]
    return totals
