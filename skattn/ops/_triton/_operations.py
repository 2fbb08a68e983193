"""Operations of the CUDA backend: compiled kernels in float32 and 16-bit types."""

from skattn.ops._triton._attention import edge_attention, typed_attention
from skattn.ops._triton._elementwise import dropout, elu
from skattn.ops._triton._sparse import sparse_matmul

__all__ = ["dropout", "edge_attention", "elu", "sparse_matmul", "typed_attention"]
