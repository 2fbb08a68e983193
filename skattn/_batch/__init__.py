"""Batches of tensors from graphs.

`collate` converts one graph, `collate_field` the part of a graph that a prediction
needs; `GraphBlock` converts many graphs once and cuts batches
from their union; `NeighborSampler` samples neighbourhoods of a large graph.
`uncollate_edges` and `uncollate_nodes` return values of a batch to its graphs.
"""

from skattn._batch._batch import GraphBatch
from skattn._batch._batches import batches
from skattn._batch._block import GraphBlock
from skattn._batch._collate import collate, collate_field
from skattn._batch._sampling import NeighborSampler, is_fanout
from skattn._batch._uncollate import uncollate_edges, uncollate_nodes

__all__ = [
    "GraphBatch",
    "GraphBlock",
    "NeighborSampler",
    "batches",
    "collate",
    "collate_field",
    "is_fanout",
    "uncollate_edges",
    "uncollate_nodes",
]
