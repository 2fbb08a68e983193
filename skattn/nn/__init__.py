"""Torch modules for graph attention networks."""

from skattn.nn._attention import GraphAttention
from skattn.nn._autoencoder import MaskedAutoencoder
from skattn.nn._block import AttentionBlock
from skattn.nn._block_spec import BlockSpec
from skattn.nn._convolution import GraphConvolution
from skattn.nn._degree_scaling import DegreeScaling
from skattn.nn._encoder import GraphEncoder
from skattn.nn._factorization import ComplEx
from skattn.nn._global_attention import GlobalAttention
from skattn.nn._graph_readout import GraphReadout
from skattn.nn._growth import GrowthNetwork, GrowthSpec
from skattn.nn._hierarchical import HierarchicalReadout
from skattn.nn._hops import HopAttention
from skattn.nn._jumping_knowledge import JumpingKnowledge
from skattn.nn._label_attention import LabelAttention
from skattn.nn._layer import GraphAttentionLayer
from skattn.nn._linear import Linear
from skattn.nn._network import AttentionNetwork, NetworkSpec
from skattn.nn._operator import NodeOperator
from skattn.nn._pair_network import PairHead, PairNetwork
from skattn.nn._path_layer import PathLayer, PathSpec
from skattn.nn._path_reasoner import AnswerScores, PathReasoner
from skattn.nn._periodic import PeriodicEmbedding
from skattn.nn._readout import AttentionReadout, PoolReadout
from skattn.nn._row_chain import RowChain
from skattn.nn._type_vectors import TypeVectorAttention
from skattn.nn._typed_attention import TypedAttention

__all__ = [
    "AnswerScores",
    "AttentionBlock",
    "AttentionNetwork",
    "AttentionReadout",
    "BlockSpec",
    "ComplEx",
    "DegreeScaling",
    "GlobalAttention",
    "GraphAttention",
    "GraphAttentionLayer",
    "GraphConvolution",
    "GraphEncoder",
    "GraphReadout",
    "GrowthNetwork",
    "GrowthSpec",
    "HierarchicalReadout",
    "HopAttention",
    "JumpingKnowledge",
    "LabelAttention",
    "Linear",
    "MaskedAutoencoder",
    "NetworkSpec",
    "NodeOperator",
    "PairHead",
    "PairNetwork",
    "PathLayer",
    "PathReasoner",
    "PathSpec",
    "PeriodicEmbedding",
    "PoolReadout",
    "RowChain",
    "TypeVectorAttention",
    "TypedAttention",
]
