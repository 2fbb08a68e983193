"""What the user hands over: graphs, their validation and conversion, neighbours.

Nothing here knows torch.
"""

from skattn.graph._adjacency import check_indices
from skattn.graph._collection import GraphCollection
from skattn.graph._context import Context
from skattn.graph._encodings import positional_encoding
from skattn.graph._features import degree_features
from skattn.graph._folds import LabelledFold
from skattn.graph._graph import Graph
from skattn.graph._hops import hop_adjacency
from skattn.graph._molecules import (
    ATOM_FEATURES,
    BOND_FEATURES,
    graphs_from_smiles,
    read_smiles,
)
from skattn.graph._neighbors import knn_adjacency, knn_graph
from skattn.graph._networkx_graphs import graphs_from_networkx
from skattn.graph._order import local_order
from skattn.graph._pyg import graphs_from_pyg, graphs_to_pyg
from skattn.graph._resolve import CONTEXTS, resolve
from skattn.graph._self_loops import MissingLoops, add_self_loops
from skattn.graph._sequences import (
    POSITION_FEATURES,
    read_sequences,
    sequence_graphs,
)

__all__ = [
    "ATOM_FEATURES",
    "BOND_FEATURES",
    "CONTEXTS",
    "POSITION_FEATURES",
    "Context",
    "Graph",
    "GraphCollection",
    "LabelledFold",
    "MissingLoops",
    "add_self_loops",
    "check_indices",
    "degree_features",
    "graphs_from_networkx",
    "graphs_from_pyg",
    "graphs_from_smiles",
    "graphs_to_pyg",
    "hop_adjacency",
    "knn_adjacency",
    "knn_graph",
    "local_order",
    "positional_encoding",
    "read_sequences",
    "read_smiles",
    "resolve",
    "sequence_graphs",
]
