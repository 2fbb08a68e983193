"""From a graph's arrays to the tensors of a batch.

Arrays are made contiguous and of the kernels' types here, once; nothing behind this
border checks them again. Those that fit, mapped from a file or not, are shared.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from skattn._batch._batch import GraphBatch
from skattn._batch._reorder import in_order
from skattn.graph import Graph, hop_adjacency, local_order
from skattn.graph._adjacency import check_indices
from skattn.graph._self_loops import MissingLoops
from skattn.ops import EdgeData, Edges, GraphStructure, SparseMatrix


def collate(
    graph: Graph,
    device: torch.device | str = "cpu",
    hops: tuple[int, ...] = (),
    *,
    ordered: bool = False,
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
    ordered : bool, default=False
        Whether nodes may be laid out in another order, in which neighbours are near in
        memory, where one is worth looking for: many steps are made on the CPU. See
        :func:`~skattn.graph.local_order`. A graph that is mapped from a file stays
        where it is.

    Returns
    -------
    GraphBatch
        All nodes of the graph with their missing self-loops, about its targets. Senders
        ascend within a row, unless it has `places`.

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
    device = torch.device(device)
    if ordered and device.type == "cpu" and not _is_mapped(graph.adjacency.indices):
        order = local_order(graph.adjacency)
        batch = batch if order is None else in_order(batch, order)
    return batch.to(device)


def _structure(graph: Graph, hops: tuple[int, ...]) -> GraphStructure:
    """Insert missing loops into what is needed; without any nothing is copied."""
    adjacency = graph.adjacency
    loops = _missing_loops(adjacency)
    log_weight = np.log(adjacency.data) if graph.is_weighted else None

    def with_loops(rows: np.ndarray | None) -> Tensor | None:
        return None if rows is None else _tensor(loops.insert(rows, 0), np.float32)

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
    """Look for missing loops, and at the entries of a mapped graph for the first time.

    Others were looked at when their graph was made.
    """
    with _damage_named():
        return MissingLoops.of(adjacency)


@contextmanager
def _damage_named() -> Iterator[None]:
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
        return _tensor(np.asarray(x), np.float32)
    rows = sp.csr_array(x)
    if _is_mapped(rows.indices):
        with _damage_named():
            check_indices(rows)
    return SparseMatrix(_edges_of(rows), _tensor(rows.data, np.float32))


def _edges_of(matrix: sp.csr_array) -> Edges:
    return _edges(matrix.indptr, matrix.indices, matrix.shape[1])


def _edges(indptr: np.ndarray, senders: np.ndarray, n_senders: int) -> Edges:
    index = np.int32 if n_senders <= np.iinfo(np.int32).max else np.int64
    return Edges(
        indptr=_tensor(indptr, np.int64),
        senders=_tensor(senders, index),
        n_senders=n_senders,
    )


def _tensor(array: np.ndarray, dtype: type[np.generic]) -> Tensor:
    """Make a tensor; memory is shared where the array allows it."""
    if array.dtype == dtype and array.flags.c_contiguous and _is_mapped(array):
        return torch.from_numpy(np.asarray(_Lent(array)))
    return torch.from_numpy(np.require(array, dtype, ["C", "W"]))


def _is_mapped(array: Any) -> bool:
    """Tell whether an array looks at a file that is mapped for reading."""
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap) and array.mode == "r":
            return True
        array = array.base
    return False


class _Lent:
    """A read-only array that says it may be written to, which torch insists on.

    Nothing writes to a batch; should anything, the system stops it: the pages of a file
    that is mapped for reading are protected. To map them for writing instead, as pages
    of one's own, needs as much free memory as there are pages.
    """

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        address = array.__array_interface__["data"][0]
        self.__array_interface__ = array.__array_interface__ | {
            "data": (address, False)
        }
