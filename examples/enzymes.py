"""Graph classification: classes of enzymes, one label per graph.

A protein is a graph of its helices, sheets and turns, with edges between near ones. A
list of graphs takes the place of a table: splitters slice it, and a pipeline scales the
node features, fitted on the training graphs alone.

ENZYMES (600 proteins of 6 classes) is read from the folder $SKATTN_DATA. If it is
missing, the graphs are synthetic, with classes that depend on the edges.
"""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
from sklearn.metrics import classification_report
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import Graph, GraphAttentionClassifier
from skattn.preprocessing import NodeTransformer

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
FILE = Path(os.environ.get("SKATTN_DATA", DATA)) / "enzymes.npz"


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
    for answer, n_nodes in zip(y, rng.integers(10, 40, n_graphs), strict=True):
        kinds = rng.integers(0, 3, n_nodes)
        alike = kinds[:, None] == kinds
        allowed = {1: alike, 2: ~alike, 3: np.ones_like(alike)}[answer]
        joined = np.triu(allowed & (rng.random(allowed.shape) < 0.2), k=1)
        graphs.append(Graph(joined | joined.T, np.eye(3)[kinds]))
    return graphs, y


if FILE.is_file():
    print(f"proteins of {FILE.name}")
    graphs, y = load_enzymes()
else:
    print(f"{FILE} is not there ($SKATTN_DATA names its folder): graphs made instead")
    graphs, y = make_graphs()
sizes = [graph.n_nodes for graph in graphs]
print(
    f"{len(graphs)} graphs of {min(sizes)} to {max(sizes)} nodes, such as {graphs[0]}"
)

graphs, graphs_test, y, y_test = train_test_split(
    graphs, y, test_size=0.2, stratify=y, random_state=0
)
model = make_pipeline(
    NodeTransformer(StandardScaler()),
    GraphAttentionClassifier(
        norm="batch", batch_size=64, max_epochs=30, random_state=0
    ),
)
model.fit(graphs, y)
print(classification_report(y_test, model.predict(graphs_test), zero_division=0))
