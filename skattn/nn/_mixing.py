"""Convolution beside the heads of attention."""

from typing import Literal, get_args

import torch
from torch import Generator, Tensor, nn

from skattn.nn._linear import Linear
from skattn.nn._reset import reset_children
from skattn.ops import Edges, GraphStructure, SparseMatrix, as_structure, sparse_matmul

Convolution = Literal["mean", "gcn"]


class Mixing(nn.Module):
    """What attention says of a node joined with a convolution over its senders.

    ``m_i = sum_j c_ij W x_j`` over the senders ``j`` of receiver ``i``, with weights
    that nothing learns: ``"mean"`` has ``c_ij = a_ij / d_i`` (GraphSAGE, Hamilton et
    al. 2017) and ``"gcn"`` ``c_ij = a_ij / sqrt(d_i d_j)`` (Kipf and Welling 2017,
    equation 2), where ``a_ij`` is the weight of the edge and ``d_i`` the sum of those
    of ``i``'s senders. Ungated, ``m`` is added to the attention's output ``h``; gated,
    ``g h + (1 - g) m`` with ``g = sigmoid([h | m] V + b)``, one gate per node and
    channel.

    Parameters
    ----------
    in_features : int
        Width of the node features.
    out_features : int
        Width of the attention's output.
    convolution : {"mean", "gcn"}
        How senders are weighted.
    gated : bool, default=False
        Whether gates are learned.

    Shape
    -----
    - Input: ``(n_nodes, in_features)``, dense or :class:`~skattn.ops.SparseMatrix`,
      and ``(n_nodes, out_features)``
    - Output: ``(n_nodes, out_features)``
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        convolution: Convolution,
        *,
        gated: bool = False,
    ) -> None:
        super().__init__()
        if convolution not in get_args(Convolution):
            raise ValueError(
                f"mixing must be None or one of {get_args(Convolution)}, got "
                f"{convolution!r}."
            )
        self.convolution = convolution
        self.linear = Linear(in_features, out_features, bias=False)
        self.gate = Linear(2 * out_features, out_features) if gated else None

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw all weights anew (Glorot uniform).

        Parameters
        ----------
        generator : torch.Generator, optional
            Source of the weights; torch's global one if not given.
        """
        reset_children(self, generator)

    def forward(
        self,
        x: Tensor | SparseMatrix,
        attended: Tensor,
        structure: GraphStructure | Edges,
    ) -> Tensor:
        """Join the two.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        attended : Tensor of shape (n_nodes, out_features)
            What attention made of them.
        structure : GraphStructure or Edges
            Who hears whom; edge features are not used.

        Returns
        -------
        Tensor of shape (n_nodes, out_features)
            The sum of both, or their gated average.
        """
        h = self.linear(x)  # (n, out_features)
        matrix = averaging_matrix(as_structure(structure), self.convolution, h.dtype)
        mixed = sparse_matmul(matrix, h)
        if self.gate is None:
            return attended + mixed
        gate = self.gate(torch.cat([attended, mixed], 1)).sigmoid()
        return torch.lerp(mixed, attended, gate)

    def extra_repr(self) -> str:
        """Describe the module in one line."""
        return repr(self.convolution)


def averaging_matrix(
    structure: GraphStructure, convolution: Convolution, dtype: torch.dtype
) -> SparseMatrix:
    """Weight every edge as a convolution does.

    Parameters
    ----------
    structure : GraphStructure
        Edges and their weights.
    convolution : {"mean", "gcn"}
        Which.
    dtype : torch.dtype
        Of the weights.

    Returns
    -------
    SparseMatrix of shape (n_nodes, n_nodes)
        The weights; rows are receivers.
    """
    edges, log_weight = structure.edges, structure.log_weight
    if log_weight is None:
        weight = torch.ones(edges.n_edges, dtype=dtype, device=edges.indptr.device)
    else:
        weight = log_weight.exp().to(dtype)
    total = torch.segment_reduce(weight, "sum", offsets=edges.indptr)
    if convolution == "mean":
        return SparseMatrix(edges, weight / total[edges.receivers])
    scale = total.rsqrt().masked_fill(total == 0, 0.0)  # nobody is heard by such a node
    values = weight * scale[edges.receivers] * scale[edges.senders]
    return SparseMatrix(edges, values)
