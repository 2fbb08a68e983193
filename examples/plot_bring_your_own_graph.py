"""
Graphs from networkx, PyG, pandas and SciPy
===========================================

A :class:`~skattn.Graph` can be made from a networkx graph, an edge list, PyG data or a
sparse matrix. This example converts the same graph from all four, and one fitted model
gives the same predictions for each.
"""

# %%
# One graph in four forms
# -----------------------
# The characters of "Les Misérables" are connected where they appear together; the edge
# weight counts how often. Nodes have no features of their own, so each gets an
# indicator column.

import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
import torch
from networkx.algorithms.community import greedy_modularity_communities
from sklearn.model_selection import train_test_split
from torch_geometric.utils import from_networkx

from skattn import Graph, GraphAttentionClassifier
from skattn.graph import graphs_from_pyg
from skattn.inspection import AttentionDisplay

network = nx.les_miserables_graph()
names = list(network)
X = np.eye(len(names), dtype=np.float32)

edge_list = nx.to_pandas_edgelist(network)  # columns source, target, weight
matrix = nx.to_scipy_sparse_array(network)
data = from_networkx(network)
data.x, data.edge_weight = torch.from_numpy(X), data.weight
print(edge_list.head(3), data, repr(matrix), sep="\n\n")

# %%
# Four conversions
# ----------------
# ``adjacency[u, v]``, a networkx edge ``u → v`` and a row ``(u, v)`` of an edge list
# all say that ``u`` attends to ``v``; messages of PyG flow from source to target, so
# there the target attends to the source. Undirected edges become one edge per
# direction.

graphs = {
    "networkx": Graph.from_networkx(network, X),
    "pandas": Graph.from_edges(
        edge_list, X, nodes=names, weights="weight", directed=False
    ),
    "PyG": graphs_from_pyg([data])[0],
    "SciPy": Graph(matrix, X, nodes=names),
}
for source, graph in graphs.items():
    print(f"{source:<9} {graph}")

# %%
# One model
# ---------
# The labels are the communities that networkx finds by modularity, known for half of
# the characters. The model is fitted on one of the graphs and predicts the others.

communities = greedy_modularity_communities(network)[:3]
label = {name: number for number, found in enumerate(communities) for name in found}
y = np.array([label.get(name, len(communities)) for name in names])
train, test = train_test_split(
    np.arange(len(names)), test_size=0.5, stratify=y, random_state=0
)
clf = GraphAttentionClassifier(max_epochs=60, random_state=0)
clf.fit(graphs["networkx"][train], y[train])

predictions = {source: clf.predict(graph) for source, graph in graphs.items()}
for source, predicted in predictions.items():
    accuracy = (predicted[test] == y[test]).mean()
    print(f"{source:<9} accuracy on the other half {accuracy:.3f}")
assert all((p == predictions["networkx"]).all() for p in predictions.values())

# %%
# Attention weights by name
# -------------------------
# Labels of nodes are kept, so pictures and errors name them. Arrows point from sender
# to receiver.

AttentionDisplay.from_estimator(clf, graphs["pandas"], node="Cosette")
plt.show()
