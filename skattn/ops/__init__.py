"""Operations of graph attention, as functions of tensors.

:func:`~skattn.ops.edge_attention` computes softmax attention over the edges of a graph
with the score ``Gat``, ``GatV2``, ``Dot``, ``Pooling`` or a subclass of ``Score``;
:func:`~skattn.ops.attention_weights` returns the weights. :func:`~skattn.ops.expand`
and :func:`~skattn.ops.path_attention` walk over a knowledge graph;
:class:`~skattn.ops.TypedEdges` have a vector per type,
:func:`~skattn.ops.relation_pairs` and :func:`~skattn.ops.pair_matmul` project what a
sender sends by each type of edge. ``dropout``,
``elu`` and ``sparse_matmul`` are for the layers around it. ``use_backend`` selects the
implementation; ``reuse_buffers`` reuses large buffers between training steps.
"""

from skattn.ops._backends import use_backend
from skattn.ops._buffers import reuse_buffers
from skattn.ops._dropout import dropout
from skattn.ops._edge_attention import attention_weights, edge_attention
from skattn.ops._edge_data import EdgeData
from skattn.ops._edges import Edges
from skattn.ops._elu import elu
from skattn.ops._expand import expand
from skattn.ops._growth_steps import GrowthSteps
from skattn.ops._node_labels import NodeLabels
from skattn.ops._pairs import RelationPairs, pair_matmul, relation_pairs
from skattn.ops._path_attention import path_attention
from skattn.ops._path_reference import PathEdges, path_edges
from skattn.ops._scores import Dot, Gat, GatV2, Pooling, Score
from skattn.ops._sparse import SparseMatrix, sparse_matmul
from skattn.ops._structure import GraphStructure
from skattn.ops._typed_edges import TypedEdges
from skattn.ops._walk import Facts, Questions, Reached, Walk

__all__ = [
    "Dot",
    "EdgeData",
    "Edges",
    "Facts",
    "Gat",
    "GatV2",
    "GraphStructure",
    "GrowthSteps",
    "NodeLabels",
    "PathEdges",
    "Pooling",
    "Questions",
    "Reached",
    "RelationPairs",
    "Score",
    "SparseMatrix",
    "TypedEdges",
    "Walk",
    "attention_weights",
    "dropout",
    "edge_attention",
    "elu",
    "expand",
    "pair_matmul",
    "path_attention",
    "path_edges",
    "relation_pairs",
    "reuse_buffers",
    "sparse_matmul",
    "use_backend",
]
