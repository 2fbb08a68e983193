"""Batches of tensors from graphs.

`collate` converts one graph, `collate_field` a receptive field. `GraphBlock` converts
the disjoint union of many graphs and cuts batches from it. `NeighborSampler` samples
neighbourhoods of a large graph. `PairCollator` makes batches of pairs. `QuestionTable`
draws questions with hidden answers. `LabelledGraphs` are undirected graphs in an order
of their nodes, and `make_contexts` the steps in which they grow. `uncollate_edges` and
`uncollate_nodes` split values of a batch by graph.
"""

from skattn._batch._batch import GraphBatch
from skattn._batch._batches import batches
from skattn._batch._block import GraphBlock
from skattn._batch._collate import collate, collate_field
from skattn._batch._growth import (
    GrowthBatch,
    GrowthColumns,
    all_steps,
    drawn_steps,
    last_steps,
    make_contexts,
)
from skattn._batch._labelled_graphs import ORDERS, LabelledGraphs, Order, Structure
from skattn._batch._pair_batch import PairBatch, PairCollator
from skattn._batch._questions import QuestionBatch, QuestionTable
from skattn._batch._sampling import NeighborSampler, is_fanout
from skattn._batch._uncollate import uncollate_edges, uncollate_nodes

__all__ = [
    "ORDERS",
    "GraphBatch",
    "GraphBlock",
    "GrowthBatch",
    "GrowthColumns",
    "LabelledGraphs",
    "NeighborSampler",
    "Order",
    "PairBatch",
    "PairCollator",
    "QuestionBatch",
    "QuestionTable",
    "Structure",
    "all_steps",
    "batches",
    "collate",
    "collate_field",
    "drawn_steps",
    "is_fanout",
    "last_steps",
    "make_contexts",
    "uncollate_edges",
    "uncollate_nodes",
]
