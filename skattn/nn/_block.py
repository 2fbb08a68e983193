"""Attention block: attention, residual, normalisation, activation."""

from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor

from skattn.nn._activation import activation
from skattn.nn._block_spec import BlockSpec, make_operator, make_residual
from skattn.nn._convolution import GraphConvolution
from skattn.nn._degree_scaling import DegreeScaling
from skattn.nn._feed_forward import FeedForward
from skattn.nn._global_attention import GlobalAttention, refuse_part
from skattn.nn._linear import Linear
from skattn.nn._norm import make_norm
from skattn.nn._operator import NodeOperator
from skattn.nn._rows import drop, take_rows
from skattn.ops import Edges, GraphStructure, SparseMatrix
from skattn.ops._structure import as_structure


class SentByBlock(NamedTuple):
    """Output of ``AttentionBlock.send``: tensors with one row per node."""

    attention: Any
    """Output of ``send`` of the attention, or of the linear map that replaces it."""
    convolution: Tensor | None
    """Output of ``send`` of the convolution; None without a convolution."""


class AttentionBlock(NodeOperator[SentByBlock]):
    """Block of attention, linear residual, normalisation and activation.

    ``out = activation(norm(attention(x) + x W diag(g)))``, optionally followed by the
    feed-forward network of a pre-norm Transformer.

    The outputs of a :class:`~skattn.nn.GraphConvolution` and of a
    :class:`~skattn.nn.GlobalAttention` may be added to the output of the attention. A
    gated convolution ``m`` is combined with the output ``h`` of the attention as ``s h
    + (1 - s) m`` with ``s = sigmoid([h | m] V + b)``, one gate per node and channel.

    With ``spec.degree_scaling`` the output of the attention depends on the number of
    senders, by :class:`~skattn.nn.DegreeScaling`.

    The linear residual separates the features of a node from those of its neighbours,
    which helps on heterophilous graphs (Luo et al. 2024, "Classic GNNs are strong
    baselines"). Its gates ``g`` (LayerScale) start at ``spec.residual_start``.

    Parameters
    ----------
    in_features : int
        Width of the input.
    out_features : int
        Width of the output; divisible by ``spec.n_heads``.
    spec : BlockSpec
        Options of the block.
    input_dropout : float, optional
        Dropout on the input; ``spec.dropout`` if not given.

    Examples
    --------
    >>> import torch
    >>> from skattn.nn import AttentionBlock, BlockSpec
    >>> from skattn.ops import Edges
    >>> edges = Edges.from_csr([0, 2, 3], [0, 1, 1], n_senders=2)
    >>> block = AttentionBlock(4, 16, BlockSpec(n_heads=2, convolution="mean"))
    >>> block(torch.randn(2, 4), edges).shape
    torch.Size([2, 16])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        spec: BlockSpec,
        *,
        input_dropout: float | None = None,
    ) -> None:
        super().__init__()
        self.dropout = spec.dropout if input_dropout is None else input_dropout
        self.attention = make_operator(spec, in_features, out_features)
        self.degree_scaling: DegreeScaling | None = None
        if spec.degree_scaling and spec.attends:
            self.degree_scaling = DegreeScaling(out_features)
        self.convolution: GraphConvolution | None = None
        self.gate: Linear | None = None
        if spec.convolution is not None:
            self.convolution = GraphConvolution(
                in_features, out_features, spec.convolution
            )
            if spec.gated_convolution:
                self.gate = Linear(2 * out_features, out_features)
        self.global_attention = (
            GlobalAttention(in_features, out_features, n_heads=spec.n_heads)
            if spec.global_attention
            else None
        )
        self.skip = make_residual(spec, in_features, out_features)
        self.norm = make_norm(spec.norm, out_features)
        # the output of the norm is not used again
        self.activation = activation(spec.activation, in_place=spec.norm is not None)
        self.feed_forward = (
            FeedForward(out_features, spec) if spec.feed_forward else None
        )

    def forward(
        self,
        x: Tensor | SparseMatrix,
        structure: GraphStructure | Edges,
        *,
        generator: Generator | None = None,
    ) -> Tensor:
        """Compute new features of the receivers.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges, edge data and node ranges. The receivers are all nodes or the first
            ones.
        generator : torch.Generator, optional
            Generator of the dropout masks; torch's global one if not given.

        Returns
        -------
        Tensor of shape (n_receivers, out_features)
            New features.

        Raises
        ------
        ValueError
            If shapes do not match, or if the block has global attention and not all
            nodes are receivers.
        """
        x = drop(x, self.dropout if self.training else 0.0, generator)
        structure = as_structure(structure)
        h: Tensor = self.attention(x, structure, generator=generator)
        h = self._scaled(h, structure)
        return self._finish(x, self._add_others(h, x, structure), generator)

    def forward_with_weights(
        self, x: Tensor | SparseMatrix, structure: GraphStructure
    ) -> tuple[Tensor, Tensor | None]:
        """Compute new features and attention weights, without dropout."""
        h, weights = self.attention.forward_with_weights(x, structure)
        h = self._scaled(h, structure)
        return self._finish(x, self._add_others(h, x, structure), None), weights

    def send(
        self, x: Tensor | SparseMatrix, generator: Generator | None, /
    ) -> SentByBlock:
        """Compute the projections of the attention and the convolution."""
        if self.global_attention is not None:
            refuse_part()
        sent = self.attention.send(x, generator)
        if self.convolution is None:
            return SentByBlock(sent, None)
        return SentByBlock(sent, self.convolution.send(x, generator))

    def receive(
        self,
        x: Tensor | SparseMatrix,
        receivers: slice,
        sent: SentByBlock,
        structure: GraphStructure,
        generator: Generator | None,
        /,
    ) -> Tensor:
        """Compute new features of a range of receivers."""
        h = self.attention.receive(x, receivers, sent.attention, structure, generator)
        h = self._scaled(h, structure, receivers)
        if self.convolution is not None and sent.convolution is not None:
            m = self.convolution.receive(
                x, receivers, sent.convolution, structure, generator
            )
            h = self._add_convolution(h, m)
        return self._finish(take_rows(x, receivers), h, generator)

    def _scaled(
        self, h: Tensor, structure: GraphStructure, receivers: slice | None = None
    ) -> Tensor:
        if self.degree_scaling is None:
            return h
        rows = slice(0, len(h)) if receivers is None else receivers
        scaled: Tensor = self.degree_scaling(h, structure, rows)
        return scaled

    def _add_others(
        self, h: Tensor, x: Tensor | SparseMatrix, structure: GraphStructure
    ) -> Tensor:
        if self.convolution is not None:
            h = self._add_convolution(h, self.convolution(x, structure))
        if self.global_attention is not None:
            h = h + self.global_attention(x, structure)
        return h

    def _add_convolution(self, h: Tensor, m: Tensor) -> Tensor:
        if self.gate is None:
            return h + m
        gate = self.gate(torch.cat([h, m], 1)).sigmoid()
        return torch.lerp(m, h, gate)

    def _finish(
        self, x: Tensor | SparseMatrix, h: Tensor, generator: Generator | None
    ) -> Tensor:
        if self.skip is not None:
            h = self.skip.add_to(h, take_rows(x, slice(0, h.shape[0])))
        h = self.activation(self.norm(h))
        return h if self.feed_forward is None else self.feed_forward(h, generator)
