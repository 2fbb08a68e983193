"""One layer of an encoder: attention, residual, normalisation, activation."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from torch import Generator, Tensor, nn

from skattn.nn._attention import Combine, GraphAttention, ScoreName, Sent
from skattn.nn._convolution import Convolution, GraphConvolution
from skattn.nn._global_attention import GlobalAttention
from skattn.nn._hops import HopAttention, check_hops
from skattn.nn._linear import Linear, drop, take_rows
from skattn.nn._node_linear import NodeLinear
from skattn.nn._reset import Composite
from skattn.nn._residual import LinearResidual
from skattn.ops import Edges, GraphStructure, SparseMatrix, as_structure, elu

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "elu": elu,
    "gelu": nn.functional.gelu,
    "relu": nn.functional.relu,
    "silu": nn.functional.silu,
}
Activation = Literal["elu", "gelu", "relu", "silu"]
Norm = Literal["layer", "batch"]


@dataclass(frozen=True, kw_only=True)
class BlockSpec:
    """What the blocks of an encoder have in common."""

    score: ScoreName = "gatv2"
    """How an edge is scored."""
    n_heads: int = 4
    """Number of heads of the hidden layers."""
    share_weights: bool = False
    """Whether one linear map makes query, key and value."""
    n_edge_features: int = 0
    """Width of the edge features."""
    residual: bool = True
    """Whether a linear map of the input joins the output of the attention."""
    residual_start: float = 1.0
    """Where the gates of that map start."""
    norm: Norm | None = "layer"
    """What normalises the sum of both."""
    activation: Activation = "elu"
    """What follows."""
    feed_forward: int = 0
    """Hidden width of a feed-forward network behind, as a multiple; 0 for none."""
    dropout: float = 0.0
    """Probability that an entry of a block's input is dropped in training."""
    attention_dropout: float = 0.0
    """Probability that a weight is dropped in training."""
    value_dropout: float = 0.0
    """Probability that an entry of a value is dropped in training."""
    hops: tuple[int, ...] = (1,)
    """How far groups of the hidden layers' heads look: each attends to the nodes within
    so many hops. ``n_heads`` is divisible by their number."""
    convolution: Convolution | None = None
    """A convolution beside the heads."""
    gated_convolution: bool = False
    """Whether learned gates weigh heads and convolution; if not, they are summed."""
    global_attention: bool = False
    """Whether every node attends to all nodes of its graph beside its senders."""
    attends: bool = True
    """Whether nodes of a hidden layer attend; if not, see `without_attention`."""

    def without_attention(self) -> "BlockSpec":
        """Describe a block like these whose nodes see only themselves.

        Returns
        -------
        BlockSpec
            A linear map takes the place of attention, of what joins it, and of the
            residual.
        """
        return replace(
            self,
            attends=False,
            residual=False,
            convolution=None,
            global_attention=False,
        )

    def attention(
        self, in_features: int, head_dim: int, *, n_heads: int, combine: Combine
    ) -> GraphAttention:
        """Make the attention of one layer.

        Parameters
        ----------
        in_features : int
            Width of the node features.
        head_dim : int
            Width of one head.
        n_heads : int
            Number of heads.
        combine : {"concat", "mean"}
            What becomes of the heads.

        Returns
        -------
        GraphAttention
            A new module.
        """
        attention = GraphAttention(
            in_features,
            head_dim,
            n_heads=n_heads,
            score=self.score,
            combine=combine,
            n_edge_features=self.n_edge_features,
            dropout=self.attention_dropout,
            share_weights=self.share_weights,
        )
        attention.value_dropout = self.value_dropout
        return attention

    def skip(self, in_features: int, out_features: int) -> LinearResidual | None:
        """Make the residual of one layer.

        Parameters
        ----------
        in_features : int
            Width of the layer's input.
        out_features : int
            Width of its output.

        Returns
        -------
        LinearResidual or None
            A new module, if there shall be one.
        """
        if not self.residual:
            return None
        return LinearResidual(in_features, out_features, start=self.residual_start)

    def hop_attention(
        self, in_features: int, out_features: int
    ) -> HopAttention | NodeLinear:
        """Make the attention of a hidden layer, or what takes its place.

        Parameters
        ----------
        in_features : int
            Width of the node features.
        out_features : int
            Width of all heads together.

        Returns
        -------
        HopAttention or NodeLinear
            A group of heads for each of ``hops``; a linear map unless ``attends``.
        """
        if not self.attends:
            return NodeLinear(in_features, out_features)
        check_hops(self.hops, self.n_heads)
        n_heads, head_dim = self.n_heads // len(self.hops), out_features // self.n_heads
        far = replace(self, n_edge_features=0)
        return HopAttention(
            {
                k: (self if k == 1 else far).attention(
                    in_features, head_dim, n_heads=n_heads, combine="concat"
                )
                for k in self.hops
            }
        )


class SentByBlock(NamedTuple):
    """What nodes have ready for all who attend to them."""

    attention: list[Sent]
    """For each group of heads."""
    convolution: Tensor | None
    """For the convolution."""


class AttentionBlock(Composite):
    """``activation(norm(attention(x) + x W diag(g)))``, then a feed-forward residual.

    A convolution beside the attention (``GraphConvolution``) and attention among
    all nodes of a graph (``GlobalAttention``) is added to the sum.

    The linear residual keeps a node apart from its neighbours; on heterophilous
    graphs nothing else matters as much (Luo et al. 2024, "Classic GNNs are strong
    baselines"). Its gates ``g`` may start small, see ``LinearResidual``. The
    feed-forward part, where asked for, is the Transformer's, with the normalisation
    before it.

    Parameters
    ----------
    in_features : int
        Width of the input.
    out_features : int
        Width of the output; divisible by ``spec.n_heads``.
    spec : BlockSpec
        What the block is made of.
    input_dropout : float, optional
        Probability that an entry of the input is dropped in training;
        ``spec.dropout`` if not given.

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
        if out_features % spec.n_heads:
            raise ValueError(
                f"out_features must be divisible by n_heads={spec.n_heads}, "
                f"got {out_features}."
            )
        self.dropout = spec.dropout if input_dropout is None else input_dropout
        self.attention = spec.hop_attention(in_features, out_features)
        self.convolution = (
            None
            if spec.convolution is None
            else GraphConvolution(
                in_features,
                out_features,
                spec.convolution,
                gated=spec.gated_convolution,
            )
        )
        self.global_attention = (
            GlobalAttention(in_features, out_features, n_heads=spec.n_heads)
            if spec.global_attention
            else None
        )
        self.skip = spec.skip(in_features, out_features)
        self.norm = make_norm(spec.norm, out_features)
        self.activation = ACTIVATIONS[spec.activation]
        if self.activation is elu and spec.norm is not None:
            # nobody else looks at what the norm returns; in place, forward and backward
            # take 35 us for (150, 64), elsewhere 65
            self.activation = nn.functional.elu_
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
        """Compute the receivers' next features.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        structure : GraphStructure or Edges
            Who attends to whom, receivers being all nodes or the first; with edge
            features if and only if the spec has ``n_edge_features``.
        generator : torch.Generator, optional
            Source of the dropout masks; torch's global one if not given.

        Returns
        -------
        Tensor of shape (n_receivers, out_features)
            The next features.

        Raises
        ------
        ValueError
            If there is global attention and some of the nodes are no receivers.
        """
        x = drop(x, self.dropout if self.training else 0.0, generator)
        structure = as_structure(structure)
        h: Tensor = self.attention(x, structure, generator=generator)
        if self.convolution is not None:
            h = self.convolution(x, h, structure)
        if self.global_attention is not None:
            self._check_complete(len(h) == len(x))
            h = h + self.global_attention(x, structure)
        return self._finish(take_rows(x, slice(0, h.shape[0])), h, generator)

    def send(self, x: Tensor | SparseMatrix) -> SentByBlock:
        """Prepare, in evaluation, what all receivers of these nodes need of them.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.

        Returns
        -------
        SentByBlock
            Of the attention and of the convolution beside it.
        """
        self._check_complete(self.global_attention is None)
        convolution = None if self.convolution is None else self.convolution.send(x)
        return SentByBlock(self.attention.send(x), convolution)

    def receive(
        self,
        x: Tensor | SparseMatrix,
        receivers: slice,
        sent: SentByBlock,
        structure: GraphStructure,
    ) -> Tensor:
        """Compute, in evaluation, the next features of some of the nodes.

        Parameters
        ----------
        x : Tensor or SparseMatrix of shape (n_nodes, in_features)
            Node features.
        receivers : slice
            Which of the nodes receive.
        sent : SentByBlock
            What :meth:`send` returned.
        structure : GraphStructure
            The edges of these receivers.

        Returns
        -------
        Tensor of shape (n_receivers, out_features)
            Their next features.
        """
        h = self.attention.receive(x, receivers, sent.attention, structure)
        if self.convolution is not None and sent.convolution is not None:
            h = self.convolution.receive(h, receivers, sent.convolution, structure)
        return self._finish(take_rows(x, receivers), h, None)

    def _finish(
        self, x: Tensor | SparseMatrix, h: Tensor, generator: Generator | None
    ) -> Tensor:
        if self.skip is not None:
            h = self.skip.add_to(h, x)
        h = self.activation(self.norm(h))
        return h if self.feed_forward is None else self.feed_forward(h, generator)

    def _check_complete(self, complete: bool) -> None:  # noqa: FBT001
        if not complete:
            raise ValueError(
                "global_attention needs all nodes of a graph at once, got a part of "
                "them. Train and predict on whole graphs, or leave it out."
            )


class FeedForward(Composite):
    """``x + W_2 activation(W_1 norm(x))``.

    Parameters
    ----------
    width : int
        Width of input and output.
    spec : BlockSpec
        Gives activation, norm, dropout and the hidden width as a multiple.

    Shape
    -----
    - Input and output: ``(n_nodes, width)``
    """

    def __init__(self, width: int, spec: BlockSpec) -> None:
        super().__init__()
        self.norm = make_norm(spec.norm, width)
        self.expand = Linear(width, width * spec.feed_forward)
        self.contract = Linear(width * spec.feed_forward, width)
        self.activation = ACTIVATIONS[spec.activation]
        self.dropout = spec.dropout

    def forward(self, x: Tensor, generator: Generator | None = None) -> Tensor:
        """Add to every row what the two linear maps make of it."""
        h = self.activation(self.expand(self.norm(x)))
        p = self.dropout if self.training else 0.0
        out: Tensor = x + self.contract(drop(h, p, generator))
        return out


def make_norm(norm: Norm | None, width: int) -> nn.Module:
    """Make a normalisation over ``width`` columns."""
    if norm == "layer":
        return nn.LayerNorm(width)
    return nn.BatchNorm1d(width) if norm == "batch" else nn.Identity()
