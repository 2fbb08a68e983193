"""One layer of an encoder: attention, residual, normalisation, activation."""

from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor

from skattn.nn._activation import activation
from skattn.nn._block_spec import BlockSpec, make_operator, make_residual
from skattn.nn._convolution import GraphConvolution
from skattn.nn._feed_forward import FeedForward
from skattn.nn._global_attention import GlobalAttention, refuse_part
from skattn.nn._linear import Linear
from skattn.nn._norm import make_norm
from skattn.nn._operator import NodeOperator
from skattn.nn._rows import drop, take_rows
from skattn.ops import Edges, GraphStructure, SparseMatrix
from skattn.ops._structure import as_structure


class SentByBlock(NamedTuple):
    """Output of :meth:`AttentionBlock.send`: tensors with one row per node."""

    attention: Any
    """Output of the attention's ``send``, or of the operator's in its place."""
    convolution: Tensor | None
    """Output of the convolution's ``send``; None without a convolution."""


class AttentionBlock(NodeOperator[SentByBlock]):
    """``activation(norm(attention(x) + x W diag(g)))``, then a feed-forward residual.

    The outputs of a convolution (:class:`GraphConvolution`) and of full attention among
    the nodes of a graph (:class:`GlobalAttention`) are added to that of the attention.
    A gated convolution ``m`` joins the attention's output ``h`` as ``s h + (1 - s) m``
    with ``s = sigmoid([h | m] V + b)``, one gate per node and channel.

    The linear residual keeps a node's own features apart from its neighbours', which
    heterophilous graphs need most (Luo et al. 2024, "Classic GNNs are strong
    baselines"). Its gates ``g`` may start small, see :class:`LinearResidual`. The
    feed-forward part is the Transformer's, with the normalisation before it.

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

    Shape
    -----
    - Input: ``(n_nodes, in_features)``, dense or :class:`~skattn.ops.SparseMatrix`
    - Output: ``(n_receivers, out_features)``
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
        # the output of a norm is used nowhere else
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
        """Compute the receivers' new features.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Edges, edge data and node ranges of the graphs; receivers are all nodes or
            the first. With edge features if and only if the spec has
            ``n_edge_features``.
        generator : torch.Generator, optional
            Source of the dropout masks; torch's global one if not given.

        Returns
        -------
        Tensor of shape (n_receivers, out_features)
            The new features.

        Raises
        ------
        ValueError
            If there is global attention and some of the nodes are no receivers.
        """
        x = drop(x, self.dropout if self.training else 0.0, generator)
        structure = as_structure(structure)
        h: Tensor = self.attention(x, structure, generator=generator)
        return self._finish(x, self._add_others(h, x, structure), generator)

    def forward_with_weights(
        self, x: Tensor | SparseMatrix, structure: GraphStructure
    ) -> tuple[Tensor, Tensor | None]:
        """Compute, in evaluation, new features and attention weights."""
        h, weights = self.attention.forward_with_weights(x, structure)
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
        if self.convolution is not None and sent.convolution is not None:
            m = self.convolution.receive(
                x, receivers, sent.convolution, structure, generator
            )
            h = self._add_convolution(h, m)
        return self._finish(take_rows(x, receivers), h, generator)

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
