"""Operations of the CPU backend: compiled kernels in float32."""

from skattn.ops._cpu._attention import edge_attention
from skattn.ops._cpu._elementwise import dropout, elu
from skattn.ops._cpu._sparse import sparse_matmul

__all__ = ["dropout", "edge_attention", "elu", "sparse_matmul"]
