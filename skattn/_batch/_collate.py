"""Collation of one graph to the tensors of a batch.

Arrays are checked and converted to the kernels' types here, once; kernels trust them.
Arrays that fit, memory-mapped or not, are shared.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor

from skattn._batch._batch import GraphBatch
from skattn._batch._reorder import in_order
from skattn._batch._tensors import as_tensor, is_mapped
from skattn.graph import Graph, hop_adjacency, local_order
from skattn.graph._adjacency import check_indices, index_dtype
from skattn.graph._edge_scaling import EdgeScaling
from skattn.graph._self_loops import MissingLoops
from skattn.ops import EdgeData, Edges, GraphStructure, SparseMatrix


def collate(
    graph: Graph,
    device: torch.device | str = "cpu",
    hops: tuple[int, ...] = (),
    *,
    ordered: bool = False,
    edge_scaling: EdgeScaling | None = None,
) -> GraphBatch:
    """Convert a graph to tensors, with self-loops added.

    Parameters
    ----------
    graph : Graph
        A graph or a view of one, with numeric features.
    device : torch.device or str, default="cpu"
        Device of the tensors.
    hops : tuple of int, default=()
        Hop counts of the heads; for every k > 1 the batch gets the edges to all senders
        within k hops.
    ordered : bool, default=False
        Whether nodes may be reordered for memory locality
        (:func:`~skattn.graph.local_order`), which pays over many steps on the CPU. A
        memory-mapped graph is not reordered.
    edge_scaling : EdgeScaling or None, default=None
        Standardisation of the edge features, before self-loops with zeros are added.

    Returns
    -------
    GraphBatch
        All nodes of the graph and its targets. Senders ascend within a row, unless
        nodes were reordered (`position_of`).

    Raises
    ------
    ValueError
        If the graph has no features.
    """
    if graph.X is None:
        raise ValueError(
            f"A graph must have features to become tensors, got {graph!r}. Give them: "
            "graph.with_features(X)."
        )
    batch = GraphBatch(
        x=_features(graph.X),
        structure=_structure(graph, hops, edge_scaling),
        targets=as_tensor(graph.targets, np.int64),
    )
    device = torch.device(device)
    if ordered and device.type == "cpu" and not is_mapped(graph.adjacency.indices):
        order = local_order(graph.adjacency)
        batch = batch if order is None else in_order(batch, order)
    return batch.to(device)


def _structure(
    graph: Graph, hops: tuple[int, ...], edge_scaling: EdgeScaling | None
) -> GraphStructure:
    """Insert missing self-loops; without any nothing is copied."""
    adjacency = graph.adjacency
    loops = _missing_loops(adjacency)
    log_weight = features = None
    if graph.is_weighted:
        weights = np.log(loops.weights(adjacency))
        log_weight = as_tensor(
            loops.insert(np.log(adjacency.data), weights), np.float32
        )
    if graph.edge_features is not None:
        rows = graph.edge_features
        rows = rows if edge_scaling is None else edge_scaling.apply(rows)
        features = as_tensor(loops.insert(rows, 0), np.float32)
    return GraphStructure(
        edges=_edges(
            loops.widen(adjacency.indptr),
            loops.insert(adjacency.indices, loops.nodes),
            graph.n_nodes,
        ),
        edge_data=EdgeData(log_weight, features),
        hops={k: _edges_of(hop_adjacency(adjacency, k)) for k in hops if k > 1},
    )


def _missing_loops(adjacency: sp.csr_array) -> MissingLoops:
    """Find missing self-loops, and check the entries of a mapped graph.

    Those of other graphs were checked when the graph was made.
    """
    with _reported_as_damage():
        return MissingLoops.of(adjacency)


@contextmanager
def _reported_as_damage() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ValueError(
            "a graph must be mapped from a file as Graph.save wrote it, but this one "
            f"is damaged: {error} Graph.load(path, mmap=False) compares all that a "
            "file holds with its checksums. Write it again."
        ) from error


def _features(x: object) -> Tensor | SparseMatrix:
    if not sp.issparse(x):
        return as_tensor(np.asarray(x), np.float32)
    rows = sp.csr_array(x)
    if is_mapped(rows.indices):
        with _reported_as_damage():
            check_indices(rows)
    return SparseMatrix(_edges_of(rows), as_tensor(rows.data, np.float32))


def _edges_of(matrix: sp.csr_array) -> Edges:
    return _edges(matrix.indptr, matrix.indices, matrix.shape[1])


def _edges(indptr: NDArray[Any], senders: NDArray[Any], n_senders: int) -> Edges:
    return Edges(
        indptr=as_tensor(indptr, np.int64),
        senders=as_tensor(senders, index_dtype(n_senders)),
        n_senders=n_senders,
    )
