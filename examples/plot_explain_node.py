"""
Explain the class of a paper
============================

The citations on which the predicted class of a paper in Cora depends, by removal and by
attention weights. :func:`~skattn.inspection.fidelity` compares both.
"""

# %%
# Data
# ----
# Cora is read from the folder ``$SKATTN_DATA``. If it is missing, the graph is
# synthetic: 600 nodes of three classes, most edges within a class.

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import scipy.sparse as sp
from sklearn.preprocessing import normalize

from skattn import Graph, GraphAttentionClassifier
from skattn.inspection import agreement, explain, fidelity

FILE = Path(os.environ.get("SKATTN_DATA", "../shared/data"), "cora.npz")


def load_cora():
    """Load papers with their words, citations, subjects and two masks."""
    with np.load(FILE, allow_pickle=False) as arrays:
        words, citations = (
            sp.csr_array(
                (
                    np.ones(len(arrays[f"{part}_indices"]), np.float32),
                    arrays[f"{part}_indices"].astype(np.int32),
                    arrays[f"{part}_indptr"],
                ),
                shape=tuple(arrays[f"{part}_shape"]),
            )
            for part in ("x", "adj")
        )
        masks = arrays["train_mask"], arrays["test_mask"]
        return Graph(citations, normalize(words, norm="l1")), arrays["y"], masks


def make_communities():
    """Make three communities with noisy features."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 600)
    chance = np.where(y[:, None] == y, 0.02, 0.002)
    upper = np.triu(rng.random((600, 600)) < chance, 1)
    X = np.eye(3)[y] + rng.normal(size=(600, 3))
    is_train = np.arange(600) < 60
    return Graph(upper | upper.T, X), y, (is_train, ~is_train)


if FILE.is_file():
    print("Cora")
    graph, y, (is_train, is_test) = load_cora()
else:
    print("synthetic graph: cora.npz is not in $SKATTN_DATA")
    graph, y, (is_train, is_test) = make_communities()

clf = GraphAttentionClassifier(n_layers=2, max_epochs=60, random_state=0)
clf.fit(graph[is_train], y[is_train])
print(f"accuracy {clf.score(graph[is_test], y[is_test]):.3f}")

# %%
# One node
# --------
# A score is the decrease of the log odds without the edge: red edges are evidence for
# the class, blue ones against it.

papers = np.flatnonzero(is_test)[:20]
removal = explain(clf, graph[papers])
attention = explain(clf, graph[papers], method="attention")
print(removal[0])

_, axes = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
removal[0].plot(axes[0], title="without the edge")
attention[0].plot(axes[1], title="attention weights")
plt.show()

# %%
# Do they agree?
# --------------
# The rank correlation of both orders, and the decrease of the probability without the
# five first edges of each, beside five random ones. The first edges are those of the
# largest scores by size, with evidence against the class among them.

print(f"rank correlation {np.nanmean(agreement(removal, attention)):.2f}")
for name, explanation in [("removal", removal), ("attention", attention)]:
    found = fidelity(clf, graph[papers], explanation, k=(5,))
    lost, by_chance = (found[key].mean() for key in ("necessary", "necessary_random"))
    print(f"{name:<10} lost {lost:.3f}, random edges {by_chance:.3f}")
