"""fit(nx.Graph, y) and a users x items matrix as adjacency."""

import networkx as nx
import numpy as np
from case import check, refuses

from skattn import Graph, GraphAttentionClassifier

ok, text = refuses(
    lambda: GraphAttentionClassifier(max_epochs=1).fit(nx.path_graph(4), [0, 1] * 2),
    "from_networkx",
)
check(ok, text)
ok, text = refuses(lambda: Graph(np.ones((2, 3))), "bipartite", "two kinds")
check(ok, text)
