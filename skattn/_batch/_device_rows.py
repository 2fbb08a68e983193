"""Ranges of rows of tensors on a device, where they are concatenated.

The ranges are arrays on the CPU, so that all sizes are known without reading the
device. See `skattn._batch._rows` for the same on the CPU.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from skattn._batch._batch import GraphBatch
from skattn._batch._row_ranges import RowRanges
from skattn._batch._tensors import as_array
from skattn.ops import Edges, GraphStructure, SparseMatrix

Data = TypeVar("Data", GraphBatch, Tensor)

_SHARE = 4


def stays(n_bytes: int, device: torch.device) -> bool:
    """Return whether data are kept on a device: at most a quarter of its free memory.

    A training step needs the rest. Only of CUDA devices the free memory is known.
    """
    if device.type != "cuda":
        return False
    free, _ = torch.cuda.mem_get_info(device)
    return n_bytes <= free / _SHARE


def kept_copy(
    copies: dict[torch.device, Data | None], data: Data, device: torch.device
) -> Data | None:
    """Return the copy of data on a device that keeps it, or None.

    `copies` are those made so far.
    """
    if device not in copies:
        copies[device] = data.to(device) if stays(data.nbytes, device) else None
    return copies[device]


@dataclass(frozen=True, eq=False)
class DeviceRanges:
    """Ranges of rows of tables on a device."""

    counts: Tensor
    """(n,) int64: number of rows of each range."""
    rows: Tensor
    """(n_rows,) int64: the old place of each row of the concatenation."""

    @classmethod
    def of(cls, ranges: RowRanges, device: torch.device) -> DeviceRanges:
        """Copy the ends of ranges to a device, and expand them there."""
        both = np.stack([ranges.low - ranges.ptr[:-1], np.diff(ranges.ptr)])
        shifts, counts = torch.from_numpy(both).to(device, non_blocking=True)
        n_rows = int(ranges.ptr[-1])
        shift = shifts.repeat_interleave(counts, output_size=n_rows)
        return cls(counts, shift + torch.arange(n_rows, device=device))

    def take(self, table: Tensor) -> Tensor:
        """Return the rows of a table."""
        return table.index_select(0, self.rows)

    def spread(self, numbers: np.ndarray) -> Tensor:
        """Return a number of each range for all of its rows, int64."""
        moved = torch.from_numpy(numbers).to(self.rows.device, non_blocking=True)
        return moved.repeat_interleave(self.counts, output_size=len(self.rows))


def cut_on_device(
    here: GraphBatch, there: GraphBatch, nodes: RowRanges
) -> tuple[Tensor | SparseMatrix, GraphStructure]:
    """Return features and structure of ranges of nodes of a batch on a device.

    `here` is the batch on the CPU, from which sizes are read, and `there` its copy.
    """
    own = DeviceRanges.of(nodes, there.targets.device)
    near, far = here.structure, there.structure
    edges, entries = _cut_edges((near.edges, far.edges), nodes, own)
    hops = {
        k: _cut_edges((near.hops[k], far.hops[k]), nodes, own)[0] for k in near.hops
    }
    structure = GraphStructure(
        edges=edges,
        edge_data=far.edge_data.map(entries.take),
        node_ptr=torch.from_numpy(nodes.ptr).to(own.rows.device, non_blocking=True),
        hops=hops,
    )
    if not isinstance(here.x, SparseMatrix) or not isinstance(there.x, SparseMatrix):
        assert isinstance(there.x, Tensor)
        return own.take(there.x), structure
    both = here.x.edges, there.x.edges
    stored, entries = _cut_edges(both, nodes, own, columns_move=False)
    return SparseMatrix(stored, entries.take(there.x.values)), structure


def _cut_edges(
    both: tuple[Edges, Edges],
    nodes: RowRanges,
    own: DeviceRanges,
    *,
    columns_move: bool = True,
) -> tuple[Edges, DeviceRanges]:
    """Return the edges of ranges of nodes, and the ranges of their old positions.

    both = the edges on the CPU and on the device.
    """
    here, there = both
    ends = as_array(here.indptr)
    ranges = RowRanges.between(ends[nodes.low], ends[nodes.high])
    entries = DeviceRanges.of(ranges, own.rows.device)
    stops = there.indptr[own.rows + 1] + own.spread(ranges.ptr[:-1] - ranges.low)
    senders = entries.take(there.senders)
    if columns_move:
        senders = senders + entries.spread(nodes.ptr[:-1] - nodes.low)
    cut = Edges(
        indptr=torch.cat([stops.new_zeros(1), stops]),
        senders=senders.to(there.senders.dtype),
        n_senders=int(nodes.ptr[-1]) if columns_move else here.n_senders,
    )
    return cut, entries
