"""
Predict new co-authors
======================

:class:`~skattn.AttentionLinkPredictor` learns from pairs of authors who have written a
paper together, and predicts which other pairs will do so. The training stops when the
score of validation pairs no longer improves, and an explanation lists the earlier
collaborations that a prediction depends on.
"""

# %%
# Data
# ----
# 120 authors write papers in six years. They prefer partners of their own field and,
# even more, the co-authors of their co-authors. The features of an author are counts of
# words, whose frequencies depend on the field.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import roc_auc_score

from skattn import AttentionLinkPredictor, Graph
from skattn.inspection import explain

rng = np.random.default_rng(0)
n_authors, n_fields = 120, 4
field = rng.integers(n_fields, size=n_authors)
words = rng.poisson(rng.gamma(0.5, size=(n_fields, 20))[field])
names = np.array([f"author {k}" for k in range(n_authors)])

together = np.zeros((n_authors, n_authors), bool)
first_year = np.full((n_authors, n_authors), -1)
for year in range(6):
    for _ in range(70):
        a = rng.integers(n_authors)
        appeal = 0.02 + (field == field[a]) + 3.0 * (together[a] @ together)
        appeal[a] = 0
        b = rng.choice(n_authors, p=appeal / appeal.sum())
        if not together[a, b]:
            together[a, b] = together[b, a] = True
            first_year[a, b] = first_year[b, a] = year

upper = np.triu(np.ones((n_authors, n_authors), bool), 1)
train, val, test = (
    np.argwhere(upper & (first_year >= low) & (first_year <= high))
    for low, high in ((0, 3), (4, 4), (5, 5))
)
print(f"new pairs: {len(train)} in four years, then {len(val)} and {len(test)}")

# %%
# Fit to four years, with validation on the fifth
# -----------------------------------------------
# Every given pair is a link. Non-links, pairs that have not written together, are drawn
# anew in each training step, and once for the validation. ``graph=`` has the names and
# features of the authors, and no edges.

authors = Graph(np.zeros((n_authors, n_authors)), words.astype(float), nodes=names)
clf = AttentionLinkPredictor(
    graph=authors, scoring="roc_auc", n_iter_no_change=15, random_state=0
)
clf.fit(names[train], X_val=names[val])
print(f"{clf.n_iter_} epochs, validation loss {min(clf.validation_curve_):.2f}")

# %%
# Predict the new pairs of the sixth year
# ---------------------------------------
# All pairs that have not written together in the first five years are ranked. The
# number of common co-authors is the usual baseline; like the model, it uses the first
# four years.

known = (first_year >= 0) & (first_year < 5)
asked = np.argwhere(upper & ~known)
y = first_year[tuple(asked.T)] == 5
before = ((first_year >= 0) & (first_year < 4)).astype(int)
common = (before @ before)[tuple(asked.T)]
probability = clf.predict_proba(names[asked])[:, 1]
print(f"ROC AUC: {roc_auc_score(y, probability):.3f}")
print(f"common co-authors: {roc_auc_score(y, common):.3f}")

# %%
# Recommendations for one author, and a reason
# --------------------------------------------
# The score of a collaboration is the decrease of the log odds of the recommended pair
# when the collaboration is removed from the graph.

best = clf.recommend(["author 7"], k=3)
print(best)

explanation = explain(clf, best[["node", "partner"]][:1].to_numpy(), classes=1)
for a, b, score in explanation.top(3):
    print(f"{a} and {b}: {score:+.2f}")

fig, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
explanation.plot(ax=ax, k=8)
plt.show()
