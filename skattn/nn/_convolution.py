"""Graph convolution with fixed edge weights."""

from dataclasses import replace
from typing import Literal, get_args

import torch
from torch import Generator, Tensor

from skattn.nn._linear import Linear
from skattn.nn._operator import NodeOperator
from skattn.ops import GraphStructure, SparseMatrix, sparse_matmul

Convolution = Literal["mean", "gcn", "sum"]


class GraphConvolution(NodeOperator[Tensor]):
    """Graph convolution: weighted sum of linear maps of the senders' features.

    ``out_i = sum_j c_ij W x_j`` over the senders ``j`` of receiver ``i``, where
    ``"mean"`` is ``c_ij = a_ij / d_i`` (GraphSAGE, Hamilton et al. 2017), ``"gcn"`` is
    ``c_ij = a_ij / sqrt(d_i d_j)`` (Kipf and Welling 2017, equation 2), and ``"sum"``
    is ``c_ij = a_ij``, which counts neighbours (GIN, Xu et al. 2019, equation 4.1).
    ``a_ij`` is an edge weight and ``d_i = sum_j a_ij``. Edge features are not used.

    Input ``x`` has shape ``(n_nodes, in_features)``, dense or
    :class:`~skattn.ops.SparseMatrix`; the output ``(n_receivers, out_features)``.

    Parameters
    ----------
    in_features : int
        Width of the node features.
    out_features : int
        Width of the output.
    convolution : {"mean", "gcn", "sum"}
        Normalisation of the edge weights.
    """

    def __init__(
        self, in_features: int, out_features: int, convolution: Convolution
    ) -> None:
        super().__init__()
        if convolution not in get_args(Convolution):
            raise ValueError(
                f"convolution must be None or one of {get_args(Convolution)}, got "
                f"{convolution!r}."
            )
        self.convolution = convolution
        self.linear = Linear(in_features, out_features, bias=False)

    def send(self, x: Tensor | SparseMatrix, _generator: Generator | None, /) -> Tensor:
        """Compute ``W x``, (n_nodes, out_features)."""
        sent: Tensor = self.linear(x)
        return sent

    def receive(
        self,
        _x: Tensor | SparseMatrix,
        receivers: slice,
        sent: Tensor,
        structure: GraphStructure,
        _generator: Generator | None,
        /,
    ) -> Tensor:
        """Compute the weighted sums over the senders."""
        matrix = convolution_matrix(structure, self.convolution, sent.dtype, receivers)
        return sparse_matmul(matrix, sent)

    def extra_repr(self) -> str:
        """Describe the module in one line."""
        return repr(self.convolution)


def convolution_matrix(
    structure: GraphStructure,
    convolution: Convolution,
    dtype: torch.dtype,
    receivers: slice = slice(None),
) -> SparseMatrix:
    """Return the edge weights ``c_ij``, differentiable, as a sparse matrix."""
    edges, weight = structure.edges, _weights(structure, dtype)
    if convolution == "sum":
        return SparseMatrix(edges, weight.to(dtype))
    _check_degree(structure, weight)
    if structure.degree is None:
        total = torch.segment_reduce(weight, "sum", offsets=edges.indptr)
    else:
        total = structure.degree.to(weight.dtype)
    if convolution == "mean":
        values = weight / total[receivers][edges.receivers]
    else:
        empty = total == 0  # no node divides by 0, in gradients either
        scale = total.masked_fill(empty, 1.0).rsqrt().masked_fill(empty, 0.0)
        values = weight * scale[receivers][edges.receivers] * scale[edges.senders]
    return SparseMatrix(edges, values.to(dtype))


def with_degree(structure: GraphStructure) -> GraphStructure:
    """Add the degrees of all nodes, which chunks need for their senders."""
    if structure.degree is not None:
        return structure
    weight = _weights(structure, torch.float32)
    total = torch.segment_reduce(weight, "sum", offsets=structure.edges.indptr)
    return replace(structure, degree=total)


def _check_degree(structure: GraphStructure, weight: Tensor) -> None:
    """Raise ValueError for gradients of weights without those of given degrees."""
    degree = structure.degree
    if degree is not None and weight.requires_grad and not degree.requires_grad:
        raise ValueError(
            "structure.degree must be None, or computed from the edge weights, where "
            "these need gradients, got constant degrees. Use a graph with all edges."
        )


def _weights(structure: GraphStructure, dtype: torch.dtype) -> Tensor:
    """Return the edge weights, in float64 where their sums could overflow."""
    edges, log_weight = structure.edges, structure.edge_data.log_weight
    if log_weight is None:
        return torch.ones(edges.n_edges, dtype=dtype, device=edges.indptr.device)
    if structure.degree is None:
        has_double = log_weight.device.type != "mps"
        return (log_weight.double() if has_double else log_weight).exp()
    return log_weight.to(torch.promote_types(structure.degree.dtype, dtype)).exp()
