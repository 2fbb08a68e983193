"""A node attribute that is a vector (the way of PyG and StellarGraph)."""

import networkx as nx
from case import check

from skattn import Graph

g = nx.path_graph(3)
nx.set_node_attributes(g, {i: [float(i), 1.0] for i in range(3)}, "x")
X = Graph.from_networkx(g, node_attributes=["x"]).X
check(X.tolist() == [[0, 1], [1, 1], [2, 1]], "vectors become columns")
