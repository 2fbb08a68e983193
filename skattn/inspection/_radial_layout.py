"""Layout of a node and its neighbourhood."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


def radial_layout(weights: sp.csr_array) -> NDArray[np.float64]:
    """Place nodes on rings around node 0, by their distance in the breadth-first tree.

    Each node gets the part of the circle that its leaves of the tree need.
    """
    edges, n_nodes = weights.tocoo(), weights.shape[0]
    parent = np.full(n_nodes, n_nodes)
    np.minimum.at(parent, edges.col, edges.row)
    leaves, depth, first, used = np.zeros((4, n_nodes), np.int64)
    for node in range(n_nodes - 1, 0, -1):
        leaves[node] = max(leaves[node], 1)
        leaves[parent[node]] += leaves[node]
    for node in range(1, n_nodes):
        above = parent[node]
        depth[node] = depth[above] + 1
        first[node] = first[above] + used[above]
        used[above] += leaves[node]
    turns = (first + (leaves - 1) / 2) / max(leaves[0], 1)
    angles = np.pi / 2 - 2 * np.pi * turns
    return depth[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
