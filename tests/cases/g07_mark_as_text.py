"""The mark is a number, the labels are text, as from a CSV: it becomes a class."""

import numpy as np
from case import check, refuses

from skattn import Graph, GraphAttentionClassifier

rng = np.random.default_rng(0)
G = Graph(np.eye(12), rng.normal(size=(12, 2)))
rows = np.arange(12)
for text, mark in (("-1", -1), ("nan", np.nan)):
    y = np.where(rows < 3, text, np.array(["a", "b"])[rows % 2])
    clf = GraphAttentionClassifier(unlabeled=mark, max_epochs=1)
    ok, found = refuses(lambda clf=clf, y=y: clf.fit(G, y).classes_, "unlabeled")
    check(ok, f"unlabeled={mark!r}: {found}")
