"""The nodes of a batch in another order, in which neighbours are near in memory."""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from skattn._batch._batch import GraphBatch
from skattn._batch._cut import Stretches, cut_renumbered
from skattn._batch._rows import as_array, cut_features, cut_rows
from skattn.ops import Edges, GraphStructure


def in_order(batch: GraphBatch, order: NDArray[np.int64]) -> GraphBatch:
    """Lay the nodes of a batch out in an order.

    Parameters
    ----------
    batch : GraphBatch
        One graph on the CPU, its nodes in their own order.
    order : ndarray of shape (n_nodes,), int64
        All nodes, each once.

    Returns
    -------
    GraphBatch
        About the same targets, with `places`. A receiver's senders stay in the order
        in which they were, so they no longer ascend.
    """
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    moved = replace(
        batch,
        x=cut_features(batch.x, Stretches.between(order, order + 1)),
        structure=_reordered(batch.structure, order, places),
        places=torch.from_numpy(places),
    )
    return moved.with_targets(batch.targets)


def _reordered(
    structure: GraphStructure, order: NDArray[np.int64], places: NDArray[np.int64]
) -> GraphStructure:
    edges, entries = _edges(structure.edges, order, places)
    return replace(
        structure,
        edges=edges,
        edge_data=structure.edge_data.map(lambda rows: cut_rows(rows, entries)),
        hops={k: _edges(far, order, places)[0] for k, far in structure.hops.items()},
    )


def _edges(
    edges: Edges, order: NDArray[np.int64], places: NDArray[np.int64]
) -> tuple[Edges, Stretches]:
    """Return the edges of moved nodes, and which entries they were."""
    indptr, senders = as_array(edges.indptr), as_array(edges.senders)
    entries = Stretches.between(indptr[order], indptr[order + 1])
    moved = np.empty_like(senders)
    cut_renumbered(entries, senders, places.astype(senders.dtype), moved)
    moved_edges = Edges(
        indptr=torch.from_numpy(entries.ptr),
        senders=torch.from_numpy(moved),
        n_senders=edges.n_senders,
    )
    return moved_edges, entries
