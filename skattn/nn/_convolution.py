"""Convolution beside the heads of attention."""

from dataclasses import replace
from typing import Literal, get_args

import torch
from torch import Generator, Tensor, nn

from skattn.nn._linear import Linear
from skattn.nn._reset import reset_children
from skattn.ops import Edges, GraphStructure, SparseMatrix, as_structure, sparse_matmul

Convolution = Literal["mean", "gcn"]


class GraphConvolution(nn.Module):
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
      and ``(n_receivers, out_features)``
    - Output: ``(n_receivers, out_features)``
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
                f"convolution must be None or one of {get_args(Convolution)}, got "
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
        attended : Tensor of shape (n_receivers, out_features)
            What attention made of them.
        structure : GraphStructure or Edges
            Who hears whom; edge features are not used.

        Returns
        -------
        Tensor of shape (n_receivers, out_features)
            The sum of both, or their gated average.
        """
        structure = as_structure(structure)
        first = slice(0, structure.edges.n_receivers)
        return self.receive(attended, first, self.send(x), structure)

    def send(self, x: Tensor | SparseMatrix) -> Tensor:
        """Prepare what all receivers of these nodes need of them.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.

        Returns
        -------
        Tensor of shape (n_nodes, out_features)
            What the convolution averages.
        """
        sent: Tensor = self.linear(x)
        return sent  # (n_nodes, out_features)

    def receive(
        self,
        attended: Tensor,
        receivers: slice,
        sent: Tensor,
        structure: GraphStructure,
    ) -> Tensor:
        """Join what some of the nodes attended to with what was sent.

        Parameters
        ----------
        attended : Tensor of shape (n_receivers, out_features)
            What these receivers attended to.
        receivers : slice
            Which of the nodes receive.
        sent : Tensor of shape (n_nodes, out_features)
            What :meth:`send` returned.
        structure : GraphStructure
            The edges of these receivers.

        Returns
        -------
        Tensor of shape (n_receivers, out_features)
            Their sum, or weighed by the gates.
        """
        matrix = averaging_matrix(structure, self.convolution, sent.dtype, receivers)
        mixed = sparse_matmul(matrix, sent)
        if self.gate is None:
            return attended + mixed
        gate = self.gate(torch.cat([attended, mixed], 1)).sigmoid()
        return torch.lerp(mixed, attended, gate)

    def extra_repr(self) -> str:
        """Describe the module in one line."""
        return repr(self.convolution)


def averaging_matrix(
    structure: GraphStructure,
    convolution: Convolution,
    dtype: torch.dtype,
    receivers: slice = slice(None),
) -> SparseMatrix:
    """Weight every edge as a convolution does.

    Parameters
    ----------
    structure : GraphStructure
        Edges and their weights; with degrees if it lacks some nodes' senders.
    convolution : {"mean", "gcn"}
        Which.
    dtype : torch.dtype
        Of the weights.
    receivers : slice, default=slice(None)
        Which of the nodes the receivers are.

    Returns
    -------
    SparseMatrix of shape (n_receivers, n_nodes)
        The weights; rows are receivers.
    """
    edges, weight = structure.edges, _weights(structure, dtype)
    if structure.degree is None:
        total = torch.segment_reduce(weight, "sum", offsets=edges.indptr)
    else:
        total = structure.degree.to(dtype)
    if convolution == "mean":
        return SparseMatrix(edges, weight / total[receivers][edges.receivers])
    scale = total.rsqrt().masked_fill(total == 0, 0.0)  # nobody is heard by such a node
    values = weight * scale[receivers][edges.receivers] * scale[edges.senders]
    return SparseMatrix(edges, values)


def with_degree(structure: GraphStructure) -> GraphStructure:
    """Note the degrees, which a part of a graph cannot tell of its senders."""
    if structure.degree is not None:
        return structure
    weight = _weights(structure, torch.float32)
    total = torch.segment_reduce(weight, "sum", offsets=structure.edges.indptr)
    return replace(structure, degree=total)


def _weights(structure: GraphStructure, dtype: torch.dtype) -> Tensor:
    edges, log_weight = structure.edges, structure.edge_data.log_weight
    if log_weight is None:
        return torch.ones(edges.n_edges, dtype=dtype, device=edges.indptr.device)
    return log_weight.exp().to(dtype)
