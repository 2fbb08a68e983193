"""Modules over :mod:`skattn.ops`, usable in anyone's own torch model."""

from skattn.nn._attention import GraphAttention
from skattn.nn._block import AttentionBlock, BlockSpec
from skattn.nn._encoder import GraphEncoder
from skattn.nn._layer import GraphAttentionLayer
from skattn.nn._linear import Linear
from skattn.nn._network import AttentionNetwork, NetworkSpec
from skattn.nn._readout import AttentionReadout

__all__ = [
    "AttentionBlock",
    "AttentionNetwork",
    "AttentionReadout",
    "BlockSpec",
    "GraphAttention",
    "GraphAttentionLayer",
    "GraphEncoder",
    "Linear",
    "NetworkSpec",
]
