"""D^-1 A instead of A: the loop that is added still weighs 1."""

import numpy as np
from case import check

from skattn import Graph, GraphAttentionClassifier
from skattn.inspection import attention_weights

rng = np.random.default_rng(0)
A = (rng.random((40, 40)) < 0.25) * 1.0
np.fill_diagonal(A, 0)
X = rng.normal(size=(40, 3))
y = (A @ X[:, 0] > 0).astype(int)
own = []
for W in (A, A / A.sum(1, keepdims=True).clip(1)):
    clf = GraphAttentionClassifier(max_epochs=1, random_state=0).fit(Graph(W, X), y)
    own.append(attention_weights(clf, Graph(W, X))[0][0].diagonal().mean())
check(
    abs(own[0] - own[1]) < 0.05,
    f"weight of the node itself: 0/1 {own[0]:.3f}, row-normalised {own[1]:.3f}",
)
