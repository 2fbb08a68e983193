"""Operations of the CPU backend: compiled kernels in float32."""

from skattn.ops._cpu._attention import edge_attention, typed_attention
from skattn.ops._cpu._elementwise import dropout, elu
from skattn.ops._cpu._paths import expand, path_attention
from skattn.ops._cpu._rows import draw_rows
from skattn.ops._cpu._sparse import sparse_matmul

__all__ = [
    "draw_rows",
    "dropout",
    "edge_attention",
    "elu",
    "expand",
    "path_attention",
    "sparse_matmul",
    "typed_attention",
]
