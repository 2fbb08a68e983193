"""Collation: conversion of a graph to the tensors of a batch.

Arrays are checked here and converted to the types of the kernels; those of a suitable
type are shared, memory-mapped ones included.
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
from skattn.graph._self_loops import MissingLoops
from skattn.ops import EdgeData, Edges, GraphStructure, SparseMatrix


def collate(
    graph: Graph,
    device: torch.device | str = "cpu",
    hops: tuple[int, ...] = (),
    *,
    ordered: bool = False,
) -> GraphBatch:
    """Convert a graph to tensors, with self-loops added.

    Parameters
    ----------
    graph : Graph
        A graph or view with numeric features.
    device : torch.device or str, default="cpu"
        Device of the tensors.
    hops : tuple of int, default=()
        Numbers of hops of the heads; for each k > 1 the structure gets edges to all
        senders within k hops.
    ordered : bool, default=False
        Whether nodes may be reordered for memory locality
        (:func:`~skattn.graph.local_order`). Only for use on the CPU, and not if the
        graph is memory-mapped.

    Returns
    -------
    GraphBatch
        All nodes of the graph and its targets. Senders ascend within a row unless nodes
        were reordered.

    Raises
    ------
    ValueError
        If the graph has no features.
    """
    if graph.X is None:
        raise ValueError(
            f"A graph must have features to be collated, got {graph!r}. Add them with "
            "graph.with_features(X)."
        )
    batch = GraphBatch(
        x=_features(graph.X),
        structure=_structure(graph, hops),
        targets=as_tensor(graph.targets, np.int64),
    )
    device = torch.device(device)
    if ordered and device.type == "cpu" and not is_mapped(graph.adjacency.indices):
        order = local_order(graph.adjacency)
        batch = batch if order is None else in_order(batch, order)
    return batch.to(device)


def _structure(graph: Graph, hops: tuple[int, ...]) -> GraphStructure:
    """Make the structure, with missing self-loops inserted."""
    adjacency = graph.adjacency
    loops = _missing_loops(adjacency)
    log_weight = np.log(adjacency.data) if graph.is_weighted else None

    def with_loops(rows: NDArray[Any] | None) -> Tensor | None:
        return None if rows is None else as_tensor(loops.insert(rows, 0), np.float32)

    return GraphStructure(
        edges=_edges(
            loops.widen(adjacency.indptr),
            loops.insert(adjacency.indices, loops.nodes),
            graph.n_nodes,
        ),
        edge_data=EdgeData(with_loops(log_weight), with_loops(graph.edge_features)),
        hops={k: _edges_of(hop_adjacency(adjacency, k)) for k in hops if k > 1},
    )


def _missing_loops(adjacency: sp.csr_array) -> MissingLoops:
    """Find missing self-loops; check the entries of a memory-mapped graph."""
    with _reported_as_damage():
        return MissingLoops.of(adjacency)


@contextmanager
def _reported_as_damage() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ValueError(
            "a memory-mapped graph must be a file as Graph.save wrote it, but this one "
            f"is damaged: {error} Graph.load(path, mmap=False) checks the checksums "
            "of the whole file. Write it again."
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
