"""Collation: conversion of a graph to the tensors of a batch.

Arrays are checked here and converted to the types of the kernels; those of a suitable
type are shared, memory-mapped ones included.
"""

from dataclasses import replace
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
from skattn.graph._adjacency import index_dtype
from skattn.graph._field import ReceptiveField
from skattn.graph._self_loops import MissingLoops
from skattn.graph._standardization import Standardization
from skattn.graph._types import TypeNames
from skattn.ops import EdgeData, Edges, GraphStructure, SparseMatrix


def collate(
    graph: Graph,
    device: torch.device | str = "cpu",
    hops: tuple[int, ...] = (),
    *,
    ordered: bool = False,
    edge_scaling: Standardization | None = None,
    edge_types: TypeNames | None = None,
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
    edge_scaling : Standardization or None, default=None
        Standardisation of the edge features; those of added self-loops are zeros.
    edge_types : tuple of str or int, or None, default=None
        Names of the edge types, in the order of their numbers; added self-loops have a
        type of their own, the last one. None for edges without types.

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
        structure=_structure(graph, hops, edge_scaling, edge_types),
        targets=as_tensor(graph.targets, np.int64),
    )
    device = torch.device(device)
    if ordered and device.type == "cpu" and not is_mapped(graph.adjacency.indices):
        order = local_order(graph.adjacency)
        batch = batch if order is None else in_order(batch, order)
    return batch.to(device)


def collate_field(
    field: ReceptiveField,
    device: torch.device | str = "cpu",
    hops: tuple[int, ...] = (),
    *,
    edge_scaling: Standardization | None = None,
    edge_types: TypeNames | None = None,
) -> GraphBatch:
    """Convert a receptive field to tensors, with self-loops added.

    Parameters
    ----------
    field : ReceptiveField
        Nodes and edges around the targets.
    device : torch.device or str, default="cpu"
        Device of the tensors.
    hops, edge_scaling, edge_types
        As for :func:`collate`.

    Returns
    -------
    GraphBatch
        With ``structure.reach``: each layer computes the receivers that later ones
        need.
    """
    batch = collate(
        field.graph, hops=hops, edge_scaling=edge_scaling, edge_types=edge_types
    )
    device, degree = torch.device(device), None
    if field.degree is not None:  # Apple's GPUs have no float64
        dtype = np.float32 if device.type == "mps" else np.float64
        degree = as_tensor(field.degree, dtype)
    structure = replace(batch.structure, reach=field.reach, degree=degree)
    return replace(batch, structure=structure).to(device)


def _structure(
    graph: Graph,
    hops: tuple[int, ...],
    edge_scaling: Standardization | None,
    edge_types: TypeNames | None,
) -> GraphStructure:
    """Make the structure, with missing self-loops inserted."""
    adjacency = graph.adjacency
    loops = MissingLoops.of(adjacency)
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
        edge_data=EdgeData(log_weight, features, _types(graph, loops, edge_types)),
        hops={k: _edges_of(hop_adjacency(adjacency, k)) for k in hops if k > 1},
    )


def _types(graph: Graph, loops: MissingLoops, names: TypeNames | None) -> Tensor | None:
    """Return the number of each edge's type; that of added self-loops is the last."""
    types = graph._types.edges
    if names is None or types is None:
        return None
    return as_tensor(loops.insert(types.coded_by(names), len(names)), np.int32)


def _features(x: object) -> Tensor | SparseMatrix:
    if not sp.issparse(x):
        return as_tensor(np.asarray(x), np.float32)
    rows = sp.csr_array(x)
    return SparseMatrix(_edges_of(rows), as_tensor(rows.data, np.float32))


def _edges_of(matrix: sp.csr_array) -> Edges:
    return _edges(matrix.indptr, matrix.indices, matrix.shape[1])


def _edges(indptr: NDArray[Any], senders: NDArray[Any], n_senders: int) -> Edges:
    return Edges(
        indptr=as_tensor(indptr, np.int64),
        senders=as_tensor(senders, index_dtype(n_senders)),
        n_senders=n_senders,
    )
