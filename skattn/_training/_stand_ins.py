"""Replacements on the meta device of operations with data-dependent sizes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from skattn.nn import GlobalAttention, HierarchicalReadout
from skattn.ops import Edges, GraphStructure, SparseMatrix

PADDING = 1.4
"""Rows of padded graphs per row: sizes are padded to about the next power of two."""


def _global_attention(
    module: GlobalAttention, x: Tensor | SparseMatrix, structure: GraphStructure
) -> Tensor:
    """Replace full attention within each graph; graphs are padded."""
    if structure.n_graphs > 1 and isinstance(x, Tensor):
        x = x[torch.empty(int(PADDING * len(x)), dtype=torch.int64, device=x.device)]
    out = type(module).forward(module, x, Edges(*_no_edges(x), len(x)))
    return out if structure.n_graphs == 1 else out[structure.edges.indptr[:-1]]


def _no_edges(x: Tensor | SparseMatrix) -> tuple[Tensor, Tensor]:
    indptr = torch.empty(len(x) + 1, dtype=torch.int64, device="meta")
    return indptr, indptr[:0]


def _hierarchical_readout(
    module: HierarchicalReadout,
    x: Tensor,
    structure: GraphStructure,
    *,
    generator: torch.Generator | None = None,  # noqa: ARG001 - signature of a readout
) -> Tensor:
    """Replace a hierarchical readout: of all nodes, half of them, a quarter, ..."""
    outs = []
    for level in module.levels:
        mean_and_max = torch.cat([x.mean(0), x.amax(0)]).expand(structure.n_graphs, -1)
        outs.append(level(mean_and_max))
        half = torch.arange(-(-len(x) // 2), device=x.device)
        x = x[half] * x.mean(1, keepdim=True)[half].tanh()
    return torch.stack(outs).sum(0)


STAND_INS: dict[type[nn.Module], Callable] = {
    GlobalAttention: _global_attention,
    HierarchicalReadout: _hierarchical_readout,
}


@contextmanager
def stand_ins(network: nn.Module) -> Iterator[None]:
    """Replace the forward of modules with data-dependent sizes within the context."""
    replaced = [module for module in network.modules() if type(module) in STAND_INS]
    for module in replaced:
        module.forward = partial(STAND_INS[type(module)], module)
    try:
        yield
    finally:
        for module in replaced:
            del module.forward


class FusedAttention(TorchFunctionMode):
    """Replacement of torch's full attention that materialises no matrix of weights."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        """Replace full attention, which torch does not fuse on the meta device."""
        if func is nn.functional.scaled_dot_product_attention:
            return _FusedAttention.apply(*args[:3])
        return func(*args, **(kwargs or {}))


class _FusedAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *qkv: Tensor) -> Tensor:
        out, log_sum = torch.empty_like(qkv[0]), qkv[0].new_empty(qkv[0].shape[:-1])
        ctx.save_for_backward(out, log_sum, *qkv)
        return out

    @staticmethod
    def backward(ctx: Any, _dout: Tensor) -> Any:
        return tuple(torch.empty_like(tensor) for tensor in ctx.saved_tensors[2:])
