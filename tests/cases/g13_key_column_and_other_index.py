"""The key is a column called as the nodes are; the index holds other text."""

import numpy as np
import pandas as pd
from case import check

from skattn import Graph, GraphAttentionClassifier

rng = np.random.default_rng(0)
names = [f"n{i}" for i in range(12)]
X = pd.DataFrame(rng.normal(size=(12, 2)), columns=["a", "b"]).assign(id=names)
G = Graph(np.eye(12), nodes=pd.Index(names, name="id"))
clf = GraphAttentionClassifier(graph=G, max_epochs=1, random_state=0)
want = clf.fit(X, [0, 1] * 6).predict_proba(X)
Y = X.set_index(pd.Index([f"order {i}" for i in range(12)]))
got = clf.fit(Y, [0, 1] * 6).predict_proba(Y)
check(np.allclose(got, want), "the column is used")
