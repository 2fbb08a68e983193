"""Reordering of a batch's nodes for memory locality."""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from skattn._batch._batch import GraphBatch
from skattn._batch._row_ranges import RowRanges, cut_renumbered
from skattn._batch._rows import cut_features, cut_rows
from skattn._batch._tensors import as_array
from skattn.ops import Edges, GraphStructure


def in_order(batch: GraphBatch, order: NDArray[np.int64]) -> GraphBatch:
    """Reorder the nodes of a batch of one graph on the CPU by a permutation.

    The result has `position_of`; the senders of a receiver keep their order, so that
    they no longer ascend.
    """
    position_of = np.empty(len(order), np.int64)
    position_of[order] = np.arange(len(order))
    moved = replace(
        batch,
        x=cut_features(batch.x, RowRanges.between(order, order + 1)),
        structure=_reordered(batch.structure, order, position_of),
        position_of=torch.from_numpy(position_of),
    )
    return moved.with_targets(batch.targets)


def _reordered(
    structure: GraphStructure, order: NDArray[np.int64], position_of: NDArray[np.int64]
) -> GraphStructure:
    edges, entries = _edges(structure.edges, order, position_of)
    return replace(
        structure,
        edges=edges,
        edge_data=structure.edge_data.map(lambda rows: cut_rows(rows, entries)),
        hops={
            k: _edges(far, order, position_of)[0] for k, far in structure.hops.items()
        },
    )


def _edges(
    edges: Edges, order: NDArray[np.int64], position_of: NDArray[np.int64]
) -> tuple[Edges, RowRanges]:
    """Return the edges of reordered nodes, and the ranges of their old positions."""
    indptr, senders = as_array(edges.indptr), as_array(edges.senders)
    entries = RowRanges.between(indptr[order], indptr[order + 1])
    moved = np.empty_like(senders)
    cut_renumbered(entries, senders, position_of.astype(senders.dtype), moved)
    moved_edges = Edges(
        indptr=torch.from_numpy(entries.ptr),
        senders=torch.from_numpy(moved),
        n_senders=edges.n_senders,
    )
    return moved_edges, entries
