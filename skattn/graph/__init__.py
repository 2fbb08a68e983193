"""What the user hands over: graphs, their validation and conversion, neighbours.

Nothing here knows torch.
"""

from skattn.graph._features import degree_features
from skattn.graph._folds import LabelledFold
from skattn.graph._graph import Graph
from skattn.graph._neighbors import knn_adjacency, knn_graph
from skattn.graph._resolve import CONTEXTS, Context, resolve
from skattn.graph._self_loops import add_self_loops
from skattn.graph._sequences import sequence_graphs

__all__ = [
    "CONTEXTS",
    "Context",
    "Graph",
    "LabelledFold",
    "add_self_loops",
    "degree_features",
    "knn_adjacency",
    "knn_graph",
    "resolve",
    "sequence_graphs",
]
