"""Operations of graph attention: tensors in, tensors out.

`edge_attention` is softmax attention over the edges of a graph, with one of the scores
`Gat`, `GatV2`, `Dot`, `Pooling` or one of your own; `attention_weights` returns its
weights; `dropout`, `elu` and `sparse_matmul` serve layers before and after it.
`use_backend` chooses the implementation, `reuse_buffers` reuses large memory from one
training step to the next.
"""

from skattn.ops._backends import use_backend
from skattn.ops._buffers import reuse_buffers
from skattn.ops._dropout import dropout
from skattn.ops._edge_attention import attention_weights, edge_attention
from skattn.ops._edge_data import EdgeData
from skattn.ops._edges import Edges
from skattn.ops._elu import elu
from skattn.ops._scores import Dot, Gat, GatV2, Pooling, Score
from skattn.ops._sparse import SparseMatrix, sparse_matmul
from skattn.ops._structure import GraphStructure

__all__ = [
    "Dot",
    "EdgeData",
    "Edges",
    "Gat",
    "GatV2",
    "GraphStructure",
    "Pooling",
    "Score",
    "SparseMatrix",
    "attention_weights",
    "dropout",
    "edge_attention",
    "elu",
    "reuse_buffers",
    "sparse_matmul",
    "use_backend",
]
