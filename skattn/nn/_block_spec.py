"""Configuration of attention blocks, and factories of their modules."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

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
from skattn.nn._type_vectors import TypeVectorAttention
from skattn.nn._typed_attention import TypedAttention

Typing = Literal["matrix", "vector"]


@dataclass(frozen=True, kw_only=True)
class BlockSpec:
    """Configuration of the attention blocks of an encoder.

    Examples
    --------
    >>> from skattn.nn import BlockSpec
    >>> BlockSpec(score="gat", n_heads=8, dropout=0.6).norm
    'layer'
    """

    score: ScoreName = "gatv2"
    """Score function: "gatv2", "gat" or "dot"."""
    n_heads: int = 4
    """Number of heads."""
    share_weights: bool = False
    """Whether query, key and value share one weight matrix."""
    n_edge_features: int = 0
    """Number of edge features."""
    residual: bool = True
    """Whether to add a linear map of the input to the output of the attention."""
    residual_start: float = 1.0
    """Initial value of the residual's gates (LayerScale)."""
    norm: Norm | None = "layer"
    """Normalisation of the sum: "layer", "batch" or None."""
    activation: Activation = "elu"
    """Activation after the normalisation: "elu", "gelu", "relu" or "silu"."""
    feed_forward: int = 0
    """Hidden width of the feed-forward network, as a multiple of the block's width; 0
    for none."""
    dropout: float = 0.0
    """Dropout on the input of every block."""
    attention_dropout: float = 0.0
    """Dropout on the attention weights (after the softmax)."""
    value_dropout: float = 0.0
    """Dropout on the values."""
    hops: tuple[int, ...] = (1,)
    """Size in hops of the neighbourhood of each group of heads; ``n_heads`` must be
    divisible by the number of groups."""
    convolution: Convolution | None = None
    """Convolution added to the attention: "mean", "gcn" or None."""
    gated_convolution: bool = False
    """Whether attention and convolution are combined by learned gates instead of a
    sum."""
    degree_scaling: bool = False
    """Whether the output of the attention is scaled by log degrees."""
    global_attention: bool = False
    """Whether to add full attention among the nodes of each graph."""
    attends: bool = True
    """Whether blocks have attention; if not, a linear map of each node."""
    n_edge_types: int = 0
    """Number of edge types; 0 for attention without types."""
    typing: Typing = "matrix"
    """Weights of an edge type: "matrix", a linear map, or "vector"."""
    n_bases: int | None = None
    """Number of basis matrices of the linear maps; None for a free matrix per type."""


def without_attention(spec: BlockSpec) -> BlockSpec:
    """Return a spec with a linear map per node in place of message passing."""
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
    """Make a graph attention with the options of a spec."""
    make: Callable[..., GraphAttention] = GraphAttention
    if spec.n_edge_types and spec.typing == "vector":
        make = partial(TypeVectorAttention, n_edge_types=spec.n_edge_types)
    elif spec.n_edge_types:
        make = partial(
            TypedAttention, n_edge_types=spec.n_edge_types, n_bases=spec.n_bases
        )
    return make(
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
    """Make the linear residual; None if the spec has none."""
    if not spec.residual:
        return None
    return LinearResidual(in_features, out_features, start=spec.residual_start)


def make_operator(
    spec: BlockSpec, in_features: int, out_features: int
) -> NodeOperator[Any]:
    """Make the attention of a block, or the linear map that replaces it."""
    width = head_dim_of("out_features", out_features, spec.n_heads)
    if not spec.attends:
        return NodeLinear(in_features, out_features)
    check_hops(spec.hops, spec.n_heads)
    n_heads = spec.n_heads // len(spec.hops)
    without_edge_data = replace(spec, n_edge_features=0, n_edge_types=0)
    return HopAttention(
        {
            k: make_attention(
                spec if k == 1 else without_edge_data,
                in_features,
                width,
                n_heads=n_heads,
            )
            for k in spec.hops
        }
    )
