"""The CPU backend: compiled walks over the edges, float32, a plain pool of threads."""

from skattn.ops._cpu._attention import edge_attention
from skattn.ops._cpu._elements import dropout, elu
from skattn.ops._cpu._sparse import sparse_matmul

__all__ = ["dropout", "edge_attention", "elu", "sparse_matmul"]
