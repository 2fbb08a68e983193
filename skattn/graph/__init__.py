"""Graphs: creation, conversion, k-NN graphs and encodings, without torch."""

from skattn.graph._encodings import positional_encoding
from skattn.graph._folds import LabelledFold
from skattn.graph._graph import Graph
from skattn.graph._hops import hop_adjacency
from skattn.graph._layout import layout
from skattn.graph._links import links
from skattn.graph._molecule_labels import ATOM_LABELS, BOND_LABELS
from skattn.graph._molecules import ATOM_FEATURES, BOND_FEATURES, graphs_from_smiles
from skattn.graph._neighbors import knn_adjacency, knn_graph
from skattn.graph._networkx_graphs import graphs_from_networkx
from skattn.graph._order import local_order
from skattn.graph._pyg import graphs_from_pyg, graphs_to_pyg
from skattn.graph._questions import Question
from skattn.graph._self_loops import add_self_loops
from skattn.graph._sequences import sequence_graphs
from skattn.graph._smiles import smiles_from_graphs

__all__ = [
    "ATOM_FEATURES",
    "ATOM_LABELS",
    "BOND_FEATURES",
    "BOND_LABELS",
    "Graph",
    "LabelledFold",
    "Question",
    "add_self_loops",
    "graphs_from_networkx",
    "graphs_from_pyg",
    "graphs_from_smiles",
    "graphs_to_pyg",
    "hop_adjacency",
    "knn_adjacency",
    "knn_graph",
    "layout",
    "links",
    "local_order",
    "positional_encoding",
    "sequence_graphs",
    "smiles_from_graphs",
]
