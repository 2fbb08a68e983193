"""
Recommend items to users
========================

:class:`~skattn.AttentionLinkPredictor` learns from pairs of users and items which
further items a user will choose. The pairs are the edges of a bipartite graph, in which
users attend to their items and items to their users.
"""

# %%
# Data
# ----
# Sixty users and forty items have a position on a circle of tastes, which is no
# feature. A user mostly chooses items nearby.

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from skattn import AttentionLinkPredictor

rng = np.random.default_rng(0)
n_users, n_items = 60, 40
user_taste, item_taste = rng.random(n_users), rng.random(n_items)
distance = np.abs(user_taste[:, None] - item_taste)
distance = np.minimum(distance, 1 - distance)
chosen = rng.random(distance.shape) < 0.7 * np.exp(-((distance / 0.1) ** 2))

user, item = np.nonzero(chosen)
choices = pd.DataFrame({"user": user, "item": item}).sample(frac=1, random_state=0)
train, test = choices[: len(choices) * 4 // 5], choices[len(choices) * 4 // 5 :]
print(f"{len(train)} choices in training, {len(test)} held out")

# %%
# Fit and recommend
# -----------------
# Both columns count from 0: with ``bipartite=True``, user 0 and item 0 are two nodes.
# Every row is a link; items that a user did not choose are drawn in training.

clf = AttentionLinkPredictor(
    bipartite=True, negative_sampling="source", max_epochs=60, random_state=0
)
clf.fit(train)
print(clf.recommend([0, 1], k=3))

# %%
# Held-out choices against pairs that were not chosen
# ---------------------------------------------------

asked = pd.DataFrame(np.argwhere(~chosen), columns=["user", "item"])
asked = pd.concat([test, asked])
known = asked["user"].isin(train["user"]) & asked["item"].isin(train["item"])
asked = asked[known]
y = chosen[asked["user"], asked["item"]]
print(f"ROC AUC {roc_auc_score(y, clf.predict_proba(asked)[:, 1]):.3f}")

# %%
# Recommended items are close to the user's taste.

best = clf.recommend(train["user"].unique(), k=5)
fig, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
ax.scatter(user_taste[train["user"]], item_taste[train["item"]], s=8, c="0.8")
dots = ax.scatter(
    user_taste[best["node"]], item_taste[best["partner"]], s=14, c=best["probability"]
)
ax.set(xlabel="taste of the user", ylabel="taste of the item")
ax.set_title("Choices (grey) and recommendations")
fig.colorbar(dots, label="probability")
plt.show()
