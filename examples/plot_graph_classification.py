"""
Classify graphs
===============

A list of graphs takes the place of a table, with one label per graph: splitters slice
it, and transformers in a pipeline are fitted on the training graphs alone.
"""

# %%
# Data
# ----
# A protein of ENZYMES is a graph of its helices, sheets and turns, with edges between
# near ones; the label is one of six classes of enzymes. The 600 proteins are read from
# the folder ``$SKATTN_DATA``. If they are missing, the graphs are synthetic, and their
# classes depend on the edges: between equal nodes, unequal nodes or any.

import os
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import Graph, GraphAttentionClassifier
from skattn.preprocessing import NodeTransformer

FILE = Path(os.environ.get("SKATTN_DATA", "../shared/data"), "enzymes.npz")


def load_enzymes():
    """Load 600 proteins, the subgraphs of one stored graph."""
    with np.load(FILE, allow_pickle=False) as arrays:
        kinds = np.eye(3)[arrays["node_label"]]
        X = np.hstack([arrays["node_attr"], kinds])
        edges = np.column_stack([arrays["edge_src"], arrays["edge_dst"]])
        whole = Graph.from_edges(edges, X)
        ends = pairwise(arrays["node_ptr"])
        return [whole.subgraph(np.arange(*of_one)) for of_one in ends], arrays["y"]


def make_graphs(n_graphs=300):
    """Make graphs with edges between equal nodes (1), unequal ones (2) or any (3)."""
    rng = np.random.default_rng(0)
    y = rng.integers(1, 4, n_graphs)
    graphs = []
    for label, n_nodes in zip(y, rng.integers(10, 40, n_graphs), strict=True):
        kinds = rng.integers(0, 3, n_nodes)
        equal = kinds[:, None] == kinds
        allowed = {1: equal, 2: ~equal, 3: np.ones_like(equal)}[label]
        upper = np.triu(allowed & (rng.random(allowed.shape) < 0.2), k=1)
        graphs.append(Graph(upper | upper.T, np.eye(3)[kinds]))
    return graphs, y


if FILE.is_file():
    print("ENZYMES")
    graphs, y = load_enzymes()
else:
    print("synthetic graphs: enzymes.npz is not in $SKATTN_DATA")
    graphs, y = make_graphs()
sizes = [graph.n_nodes for graph in graphs]
print(f"{len(graphs)} graphs of {min(sizes)} to {max(sizes)} nodes")
print("the first:", graphs[0])

# %%
# Model
# -----
# :class:`~skattn.preprocessing.NodeTransformer` scales the node features.
# ``batch_size`` counts graphs.

graphs_train, graphs_test, y_train, y_test = train_test_split(
    graphs, y, test_size=0.2, stratify=y, random_state=0
)
model = make_pipeline(
    NodeTransformer(StandardScaler()),
    GraphAttentionClassifier(
        norm="batch", batch_size=64, max_epochs=30, random_state=0
    ),
)
model.fit(graphs_train, y_train)
print(f"accuracy on {len(y_test)} test graphs: {model.score(graphs_test, y_test):.3f}")

# %%
# The confusion matrix counts the test graphs.

_, ax = plt.subplots(figsize=(5, 4), layout="constrained")
ConfusionMatrixDisplay.from_estimator(
    model, graphs_test, y_test, ax=ax, cmap="Blues", colorbar=False
)
plt.show()
