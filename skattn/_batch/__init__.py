"""Graphs become tensors.

`collate` lays one graph out; `GraphBlock` lays many graphs out once and cuts batches
from them; `NeighborSampler` draws small graphs from a large one.
"""

from skattn._batch._batch import GraphBatch
from skattn._batch._block import GraphBlock, batches
from skattn._batch._collate import collate
from skattn._batch._sampling import NeighborSampler, is_fanout

__all__ = [
    "GraphBatch",
    "GraphBlock",
    "NeighborSampler",
    "batches",
    "collate",
    "is_fanout",
]
