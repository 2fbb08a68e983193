"""
Edges of several types
======================

In a graph with edge types, keys and values of a neighbour are computed by a matrix of
its relation. Here papers are joined to papers by citations and to authors by
authorship, and the field of a paper is predicted.
"""

# %%
# An academic network
# -------------------
# Authors mostly write within one field. Papers cite papers of their own field, and
# compare themselves with papers of other fields; only the type distinguishes the two
# relations. A row (u, v) means that u attends to v.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skattn import EncoderConfig, Graph, GraphAttentionClassifier
from skattn.inspection import explain

rng = np.random.default_rng(0)
n_papers, n_authors, n_fields = 240, 80, 3
field = rng.integers(0, n_fields, n_papers)
home = rng.integers(0, n_fields, n_authors)


def drawn(paper, same, others, k):
    """Draw k of the others with the field of a paper, or with another field."""
    choice = np.flatnonzero((others == field[paper]) == same)
    choice = choice[choice != paper] if others is field else choice
    return rng.choice(choice, k, replace=False)


rows = []
for paper in range(n_papers):
    rows += [(paper, other, "cites") for other in drawn(paper, True, field, 3)]
    rows += [(paper, other, "compares") for other in drawn(paper, False, field, 4)]
    at_home = rng.random() < 0.7
    (author,) = n_papers + drawn(paper, at_home, home, 1)
    rows += [(paper, author, "by"), (author, paper, "wrote")]
edges = pd.DataFrame(rows, columns=["source", "target", "relation"])
print(edges["relation"].value_counts())

# %%
# Tables of different widths
# --------------------------
# Papers have four features, of which one depends on the field; authors have two. A dict
# holds a table per type of node, with columns of its own.

papers = rng.normal(size=(n_papers, 4))
papers[:, 0] += field
authors = rng.normal(size=(n_authors, 2))
graph = Graph.from_edges(
    edges,
    {"paper": papers, "author": authors},
    nodes=n_papers + n_authors,
    edge_types="relation",
)
print(graph)

# %%
# With and without types
# ----------------------
# Half of the papers are labelled. ``typing=None`` ignores the types of the edges.

train, test = np.arange(n_papers // 2), np.arange(n_papers // 2, n_papers)
scores = {}
for typing in ("matrix", None):
    clf = GraphAttentionClassifier(
        encoder=EncoderConfig(typing=typing), max_epochs=100, random_state=0
    )
    clf.fit(graph[train], field[train])
    scores[f"typing={typing!r}"] = clf.score(graph[test], field[test])
    if typing is not None:
        typed = clf
print(scores)

# %%
# Importance of the relations
# ---------------------------
# An explanation scores each edge by the decrease of the answer (log odds of the class)
# without it. The mean size of the scores, by the type of the edge:

explanation = explain(typed, graph[test[:20]])
kind_of = {(i, j): kind for i, j, kind in rows}
sizes: dict[str, list[float]] = {"cites": [], "compares": [], "by": [], "wrote": []}
for answer in explanation:
    for receiver, sender, score in answer.top(30):
        if receiver != sender:
            sizes[kind_of[receiver, sender]].append(abs(score))

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
left.bar(list(scores), list(scores.values()), color=["C0", "0.7"])
left.axhline(1 / n_fields, color="0.4", linestyle=":")
left.set(ylabel="accuracy", ylim=(0, 1), title="Types against no types")
right.bar(list(sizes), [float(np.mean(each)) for each in sizes.values()])
right.set(ylabel="mean size of the score", title="Edges of a prediction")
plt.show()
