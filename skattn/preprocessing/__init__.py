"""Transformers of graphs, and from graphs to tables."""

from skattn.preprocessing._descriptor_transformer import DescriptorTransformer
from skattn.preprocessing._edge_transformer import EdgeTransformer
from skattn.preprocessing._molecule_graph import MoleculeGraph
from skattn.preprocessing._neighbor_features import NeighborFeatures
from skattn.preprocessing._node_transformer import NodeTransformer
from skattn.preprocessing._positional_encoding import PositionalEncoding
from skattn.preprocessing._sequence_graph import SequenceGraph

__all__ = [
    "DescriptorTransformer",
    "EdgeTransformer",
    "MoleculeGraph",
    "NeighborFeatures",
    "NodeTransformer",
    "PositionalEncoding",
    "SequenceGraph",
]
