"""Options of an encoder's blocks, and factories of their modules."""

from dataclasses import dataclass, replace
from typing import Any

from skattn.nn._activation import Activation
from skattn.nn._attention import Combine, GraphAttention
from skattn.nn._convolution import Convolution
from skattn.nn._head_dim import head_dim_of
from skattn.nn._hops import HopAttention, check_hops
from skattn.nn._node_linear import NodeLinear
from skattn.nn._norm import Norm
from skattn.nn._operator import NodeOperator
from skattn.nn._residual import LinearResidual
from skattn.nn._scores import ScoreName


@dataclass(frozen=True, kw_only=True)
class BlockSpec:
    """Options of the attention blocks of an encoder."""

    score: ScoreName = "gatv2"
    """Score of an edge."""
    n_heads: int = 4
    """Number of heads of the hidden layers."""
    share_weights: bool = False
    """Whether query, key and value share one linear map."""
    n_edge_features: int = 0
    """Width of the edge features."""
    residual: bool = True
    """Whether a linear map of the input is added to the output of the attention."""
    residual_start: float = 1.0
    """Initial value of the residual's gates (LayerScale)."""
    norm: Norm | None = "layer"
    """Normalisation of the sum of both."""
    activation: Activation = "elu"
    """Activation after the normalisation."""
    feed_forward: int = 0
    """Hidden width of a feed-forward network after the activation, as a multiple of the
    block's; 0 for none."""
    dropout: float = 0.0
    """Dropout on a block's input."""
    attention_dropout: float = 0.0
    """Dropout on the attention weights (after the softmax)."""
    value_dropout: float = 0.0
    """Dropout on the values."""
    hops: tuple[int, ...] = (1,)
    """Neighbourhood of each group of the hidden layers' heads: all senders within so
    many hops. ``n_heads`` is divisible by their number."""
    convolution: Convolution | None = None
    """Convolution beside the attention."""
    gated_convolution: bool = False
    """Whether learned gates weigh attention against convolution; if not, they are
    summed."""
    global_attention: bool = False
    """Whether full attention among the nodes of a graph is added."""
    attends: bool = True
    """Whether hidden layers attend; if not, they are row-wise linear."""


def without_attention(spec: BlockSpec) -> BlockSpec:
    """Replace attention, convolution and residual by one row-wise linear map."""
    return replace(
        spec, attends=False, residual=False, convolution=None, global_attention=False
    )


def make_attention(
    spec: BlockSpec,
    in_features: int,
    head_dim: int,
    *,
    n_heads: int,
    combine: Combine = "concat",
) -> GraphAttention:
    """Make the attention along the edges."""
    return GraphAttention(
        in_features,
        head_dim,
        n_heads=n_heads,
        score=spec.score,
        combine=combine,
        n_edge_features=spec.n_edge_features,
        dropout=spec.attention_dropout,
        value_dropout=spec.value_dropout,
        share_weights=spec.share_weights,
    )


def make_residual(
    spec: BlockSpec, in_features: int, out_features: int
) -> LinearResidual | None:
    """Make the residual of a layer, if there is one."""
    if not spec.residual:
        return None
    return LinearResidual(in_features, out_features, start=spec.residual_start)


def make_operator(
    spec: BlockSpec, in_features: int, out_features: int
) -> NodeOperator[Any]:
    """Make the attention of a hidden layer, or the linear map in its place."""
    width = head_dim_of("out_features", out_features, spec.n_heads)
    if not spec.attends:
        return NodeLinear(in_features, out_features)
    check_hops(spec.hops, spec.n_heads)
    n_heads = spec.n_heads // len(spec.hops)
    far = replace(spec, n_edge_features=0)
    return HopAttention(
        {
            k: make_attention(
                spec if k == 1 else far, in_features, width, n_heads=n_heads
            )
            for k in spec.hops
        }
    )
