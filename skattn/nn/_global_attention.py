"""Full attention among the nodes of each graph."""

from collections.abc import Iterator
from typing import NoReturn

import torch
from torch import Generator, Tensor, nn

from skattn.nn._head_dim import head_dim_of
from skattn.nn._init import glorot_
from skattn.nn._operator import NodeOperator
from skattn.nn._rows import matmul
from skattn.nn._segments import node_ptr_of
from skattn.ops import GraphStructure, SparseMatrix


class GlobalAttention(NodeOperator[Tensor]):
    """Full attention among the nodes of each graph, independent of the edges.

    The attention of the Transformer (Vaswani et al. 2017, equation 1), which GPS adds
    to message passing (Rampasek et al. 2022, equation 2). There is no dropout on the
    attention weights. All nodes must be receivers. Time grows with the square of the
    number of nodes of a graph; graphs of similar sizes are padded to a common size.

    Input ``x`` has shape ``(n_nodes, in_features)``, dense or
    :class:`~skattn.ops.SparseMatrix`; the output ``(n_nodes, out_features)``.

    Parameters
    ----------
    in_features : int
        Width of the node features.
    out_features : int
        Width of the output; divisible by ``n_heads``.
    n_heads : int, default=1
        Number of heads.
    """

    def __init__(
        self, in_features: int, out_features: int, *, n_heads: int = 1
    ) -> None:
        super().__init__()
        head_dim_of("out_features", out_features, n_heads)
        self.n_heads = n_heads
        self.weight = nn.Parameter(torch.empty(in_features, 3 * out_features))
        self.reset_parameters()

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Initialise all weights at random."""
        n_rows, n_columns = self.weight.shape
        glorot_(self.weight, n_rows + n_columns // 3, generator)

    def send(self, x: Tensor | SparseMatrix, _generator: Generator | None, /) -> Tensor:
        """Compute queries, keys and values: (n_nodes, 3 * out_features)."""
        return matmul(x, self.weight)

    def receive(
        self,
        _x: Tensor | SparseMatrix,
        _receivers: slice,
        sent: Tensor,
        structure: GraphStructure,
        _generator: Generator | None,
        /,
    ) -> Tensor:
        """Compute attention within each graph; all nodes must be receivers."""
        if structure.edges.n_receivers != len(sent):
            refuse_part()
        node_ptr = node_ptr_of(structure)
        if len(node_ptr) == 2:
            return self._attend(sent[None], None)[0]
        nodes, outs = [], []
        for padded_nodes, mask in _by_size(node_ptr):
            nodes.append(padded_nodes[mask])
            padded = sent.new_zeros(*mask.shape, sent.shape[1])
            padded = padded.index_put((mask,), sent.index_select(0, nodes[-1]))
            outs.append(self._attend(padded, mask)[mask])
        if not outs:
            return sent[:, : sent.shape[1] // 3]
        return torch.cat(outs).index_select(0, torch.cat(nodes).argsort())

    def _attend(self, rows: Tensor, mask: Tensor | None) -> Tensor:
        """Compute attention of padded graphs, (n_graphs, length, 3 * out_features)."""
        heads = rows.unflatten(2, (3, self.n_heads, -1))  # (G, L, 3, H, C)
        # contiguous heads are faster, forward and backward
        query, key, value = heads.permute(2, 0, 3, 1, 4).contiguous()  # (G, H, L, C)
        out = nn.functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=None if mask is None else mask[:, None, None, :],
        )
        return out.transpose(1, 2).flatten(2)  # (G, L, out_features)

    def extra_repr(self) -> str:
        """Describe the module in one line."""
        n_rows, n_columns = self.weight.shape
        return f"{n_rows}, {n_columns // 3}, n_heads={self.n_heads}"


def refuse_part() -> NoReturn:
    """Raise ValueError for global attention of a part of the nodes."""
    raise ValueError(
        "global_attention needs all nodes of a graph at once, got a part of them. "
        "Use whole graphs, or set global_attention=False."
    )


def _by_size(node_ptr: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield groups of graphs with sizes that differ by less than a factor of two.

    A group is the nodes of its graphs, (n_graphs, length) int64, padded to the largest
    graph, and the mask of the entries that are not padding.
    """
    # on the CPU: one wait for the device, not one per group; Apple's lack float64
    sizes = node_ptr.diff().cpu()
    classes = (2 * sizes - 1).clamp(min=1).double().log2().floor()  # 1, 2, 3-4, 5-8, ..
    for size in classes.unique():
        members = ((classes == size) & (sizes > 0)).nonzero()[:, 0]
        if not len(members):
            continue
        length = int(sizes[members].max())
        members = members.to(node_ptr.device)
        starts, stops = node_ptr[members, None], node_ptr[members + 1, None]
        nodes = starts + torch.arange(length, device=node_ptr.device)
        yield nodes, nodes < stops
