"""The arithmetic of attention: tensors in, tensors out.

`edge_attention` averages the values of every receiver's senders by one of three scores;
`attention_weights` returns those averages' weights; `dropout`, `elu` and
`sparse_matmul` serve the layers around it. `use_backend` chooses who computes,
`run_blocks` spreads compiled loops over threads, `reuse_buffers` keeps large memory
from one training step to the next.
"""

from skattn.ops._backends import use_backend, use_shapes_of
from skattn.ops._buffers import reuse_buffers
from skattn.ops._dropout import dropout
from skattn.ops._edge_attention import attention_weights, edge_attention
from skattn.ops._edge_data import EdgeData
from skattn.ops._edges import Edges
from skattn.ops._elu import elu
from skattn.ops._scores import Dot, Gat, GatV2, Score
from skattn.ops._sparse import SparseMatrix, sparse_matmul
from skattn.ops._structure import GraphStructure, as_structure
from skattn.ops._threads import run_blocks

__all__ = [
    "Dot",
    "EdgeData",
    "Edges",
    "Gat",
    "GatV2",
    "GraphStructure",
    "Score",
    "SparseMatrix",
    "as_structure",
    "attention_weights",
    "dropout",
    "edge_attention",
    "elu",
    "reuse_buffers",
    "run_blocks",
    "sparse_matmul",
    "use_backend",
    "use_shapes_of",
]
