"""From a graph's arrays to the tensors of a batch.

Arrays are made writable, contiguous and of the kernels' types here, once; nothing
behind this border checks them again.
"""

from collections.abc import Iterable

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from skattn.batch._batch import GraphBatch
from skattn.graph import Graph, add_self_loops, hop_adjacency
from skattn.ops import Edges, GraphStructure, SparseMatrix


def collate(
    graph: Graph, device: torch.device | str = "cpu", hops: tuple[int, ...] = ()
) -> GraphBatch:
    """Lay a graph out for the kernels.

    Parameters
    ----------
    graph : Graph
        A graph or a view of one, with numeric features.
    device : torch.device or str, default="cpu"
        Where the tensors shall be.
    hops : tuple of int, default=()
        How far heads see: for every k > 1 in it, who is within k hops of whom.

    Returns
    -------
    GraphBatch
        All nodes of the graph with their missing self-loops, about its targets.

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
        structure=_structure(graph, hops),
        targets=_tensor(graph.targets, np.int64),
    )
    return batch.to(torch.device(device))


def collate_views(
    views: Iterable[Graph],
    device: torch.device | str = "cpu",
    hops: tuple[int, ...] = (),
) -> list[GraphBatch]:
    """Collate several views; views of one graph share its tensors.

    Parameters
    ----------
    views : iterable of Graph
        Graphs or views of graphs.
    device : torch.device or str, default="cpu"
        Where the tensors shall be.
    hops : tuple of int, default=()
        How far heads see: for every k > 1 in it, who is within k hops of whom.

    Returns
    -------
    list of GraphBatch
        One per view.
    """
    bases: dict[Graph, GraphBatch] = {}
    batches = []
    for view in views:
        if view.base not in bases:
            bases[view.base] = collate(view.base, device, hops)
        targets = _tensor(view.targets, np.int64)
        batches.append(bases[view.base].with_targets(targets))
    return batches


def _structure(graph: Graph, hops: tuple[int, ...]) -> GraphStructure:
    adjacency, edge_features, _ = add_self_loops(graph.adjacency, graph.edge_features)
    return GraphStructure(
        edges=_edges(adjacency),
        log_weight=(
            _tensor(np.log(adjacency.data), np.float32) if graph.is_weighted else None
        ),
        edge_features=(
            None if edge_features is None else _tensor(edge_features, np.float32)
        ),
        hops={k: _edges(hop_adjacency(graph.adjacency, k)) for k in hops if k > 1},
    )


def _features(x: object) -> Tensor | SparseMatrix:
    if not sp.issparse(x):
        return _tensor(np.asarray(x), np.float32)
    rows = sp.csr_array(x)
    return SparseMatrix(_edges(rows), _tensor(rows.data, np.float32))


def _edges(matrix: sp.csr_array) -> Edges:
    n_columns = matrix.shape[1]
    index = np.int32 if n_columns <= np.iinfo(np.int32).max else np.int64
    return Edges(
        indptr=_tensor(matrix.indptr, np.int64),
        senders=_tensor(matrix.indices, index),
        n_senders=n_columns,
    )


def _tensor(array: np.ndarray, dtype: type[np.generic]) -> Tensor:
    """Make a tensor; memory is shared where the array allows it."""
    return torch.from_numpy(np.require(array, dtype, ["C", "W"]))
