"""y is a Series indexed by the node names, in another order than graph.nodes."""

import numpy as np
import pandas as pd
from case import check

from skattn import Graph, GraphAttentionClassifier

rng = np.random.default_rng(0)
names = [f"n{i}" for i in range(30)]
X = rng.normal(size=(30, 3))
y = pd.Series((X[:, 0] > 0).astype(int), index=names)
G = Graph(np.eye(30), X, nodes=names)
clf = GraphAttentionClassifier(max_epochs=60, random_state=0)
try:
    accuracy = clf.fit(G, y.iloc[::-1]).score(G, y.loc[list(G.nodes)])
    check(
        accuracy > 0.9,
        f"accuracy against the truth by name {accuracy:.2f} (aligned: 1.0)",
    )
except ValueError as e:
    check(True, str(e)[:100])
