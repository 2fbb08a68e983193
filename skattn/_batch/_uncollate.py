"""Inverse of collation: values per node or edge of a batch, split by graph."""

from itertools import pairwise
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from torch import Tensor

from skattn._batch._batch import GraphBatch
from skattn.graph._ragged_range import ragged_range


def uncollate_nodes(batch: GraphBatch, values: Tensor) -> list[NDArray[Any]]:
    """Split values per node into one array per graph.

    Parameters
    ----------
    batch : GraphBatch
        From ``collate`` or ``GraphBlock``, not sampled.
    values : Tensor of shape (n_nodes, ...)
        One row per row of ``batch.x``.

    Returns
    -------
    list of ndarray of shape (n_nodes_of_graph, ...)
        One array per graph, in the order of its nodes.
    """
    rows, node_ptr = values.detach().cpu().numpy(), batch.structure.node_ptr
    if batch.position_of is not None:
        rows = rows[batch.position_of.cpu().numpy()]
    if node_ptr is None:
        return [rows]
    return [rows[low:high] for low, high in pairwise(node_ptr.tolist())]


def uncollate_edges(batch: GraphBatch, values: Tensor) -> list[list[sp.csr_array]]:
    """Split values per edge into matrices, one per graph and column.

    Parameters
    ----------
    batch : GraphBatch
        From ``collate`` or ``GraphBlock``, not sampled.
    values : Tensor of shape (n_edges, n_columns)
        One row per edge of ``batch.structure``, such as attention weights with a column
        per head.

    Returns
    -------
    list of list of csr_array of shape (n_nodes_of_graph, n_nodes_of_graph)
        One matrix per graph and column: receivers in rows, senders in columns, in the
        order of the graph's nodes. Added self-loops are included; values of parallel
        edges are summed.
    """
    edges, node_ptr = batch.structure.edges, batch.structure.node_ptr
    columns = np.ascontiguousarray(values.detach().cpu().numpy().T)
    indptr, senders = edges.indptr.cpu().numpy(), edges.senders.cpu().numpy()
    if batch.position_of is not None:
        positions = batch.position_of.cpu().numpy()
        entries = ragged_range(indptr[positions], np.diff(indptr)[positions])
        columns = columns[:, entries]
        senders = np.argsort(positions).astype(senders.dtype)[senders[entries]]
        indptr = np.concatenate([[0], np.cumsum(np.diff(indptr)[positions])])
    matrices = [_matrix(column, senders, indptr) for column in columns]
    if node_ptr is None:
        return [matrices]
    return [
        [matrix[low:high, low:high] for matrix in matrices]
        for low, high in pairwise(node_ptr.tolist())
    ]


def _matrix(
    values: NDArray[Any], senders: NDArray[Any], indptr: NDArray[Any]
) -> sp.csr_array:
    n_nodes = len(indptr) - 1
    matrix = sp.csr_array((values, senders, indptr), (n_nodes, n_nodes), copy=True)
    matrix.sum_duplicates()
    return matrix
