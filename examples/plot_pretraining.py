"""
Pretrain without labels and fine-tune
=====================================

``pretrained=`` initialises a classifier from a fitted
:class:`~skattn.AttentionEmbedder` with the same encoder parameters. Whether this helps
depends on the data, so this example shows how to compare both starts.
"""

# %%
# Pretrain on all nodes
# ---------------------
# The graph has 600 nodes in three communities. The embedder uses no labels.

import matplotlib.pyplot as plt
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import StratifiedShuffleSplit, cross_val_score

from skattn import AttentionEmbedder, GraphAttentionClassifier
from skattn.datasets import make_communities

graph, y = make_communities(
    600, 3, p_within=0.06, p_between=0.01, class_sep=0.5, random_state=0
)
embedder = AttentionEmbedder(max_epochs=150, random_state=0).fit(graph)
errors = embedder.loss_curve_
print(f"reconstruction error: {errors[0]:.3f} at first, {errors[-1]:.3f} at the end")

# %%
# Fine-tune on 12 labels
# ----------------------
# Cross-validation clones estimators, and a clone is not fitted:
# :class:`~sklearn.frozen.FrozenEstimator` keeps the embedder fitted.

draws = StratifiedShuffleSplit(4, train_size=12, random_state=0)
starts = {"random": None, "pretrained": FrozenEstimator(embedder)}
scores = {}
for name, start in starts.items():
    clf = GraphAttentionClassifier(
        pretrained=start, n_layers=2, max_epochs=60, random_state=0
    )
    scores[name] = cross_val_score(clf, graph, y, cv=draws)
    mean, deviation = scores[name].mean(), scores[name].std()
    print(f"{name:<11} accuracy {mean:.3f} ± {deviation:.3f}")

# %%
# The lines connect the accuracies of one draw of the labels. The difference between
# both starts is less than the deviation between draws: here pretraining shows no clear
# gain.

_, ax = plt.subplots(figsize=(5, 4), layout="constrained")
for random, pretrained in zip(*scores.values(), strict=True):
    ax.plot([random, pretrained], "o-", color="tab:blue")
ax.set_xticks([0, 1], scores)
ax.set(xlabel="initial weights", ylabel="accuracy, 12 labels", xlim=(-0.3, 1.3))
plt.show()
