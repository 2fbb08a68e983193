"""Edge lengths in metres instead of kilometres."""

import numpy as np
from case import check
from sklearn.model_selection import cross_val_score

from skattn import Graph, GraphAttentionClassifier

rng = np.random.default_rng(0)
n = 80
pos = rng.random((n, 2))
D = np.linalg.norm(pos[:, None] - pos[None], axis=2)
A = (D < 0.2) & ~np.eye(n, dtype=bool)
X = rng.normal(size=(n, 3))
near = A & (D < 0.1)
y = (
    np.array([X[near[i], 0].mean() if near[i].any() else X[i, 0] for i in range(n)]) > 0
).astype(int)
clf = GraphAttentionClassifier(max_epochs=150, random_state=0)
z = (D[A] - D[A].mean()) / D[A].std()
score = {
    u: cross_val_score(clf, Graph(A * 1.0, X, edge_features=f[:, None]), y, cv=4).mean()
    for u, f in (("standardised", z), ("metres", D[A] * 1e3))
}
check(score["metres"] > score["standardised"] - 0.05, str(score))
