"""networkx node order is that of the edges; X is a DataFrame indexed by node name."""

import networkx as nx
import numpy as np
import pandas as pd
from case import check

from skattn import Graph

g = nx.Graph([("c", "a"), ("a", "b")])
X = pd.DataFrame({"f": [1.0, 2.0, 3.0]}, index=["a", "b", "c"])
G = Graph.from_networkx(g, X)
got = dict(zip(G.nodes, np.asarray(G.X).ravel(), strict=True))
check(
    got == X["f"].to_dict(),
    f"features by node {got}, want {X['f'].to_dict()} (or an error)",
)
