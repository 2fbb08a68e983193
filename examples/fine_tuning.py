"""Fine-tuning: initialise a classifier from an embedder trained without labels.

`pretrained=` takes a fitted `AttentionEmbedder` with the same encoder parameters:
number of layers, heads and so on. Cross-validation clones estimators, and a clone is
not fitted: `FrozenEstimator` keeps the embedder fitted. Here 12 of 600 nodes have a
label.

The example shows how to compare both starts; it does not show a gain. Here they lie
within the deviation of the draws, either may be ahead with other settings, and on
handwritten digits (a k-NN graph, 10 to 50 labels) training from scratch was better or
equal. Compare on your own data.
"""

from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import StratifiedShuffleSplit, cross_val_score

from skattn import AttentionEmbedder, GraphAttentionClassifier
from skattn.datasets import make_communities

graph, y = make_communities(
    600, 3, p_within=0.06, p_between=0.01, class_sep=0.5, random_state=0
)
embedder = AttentionEmbedder(max_epochs=150, random_state=0).fit(graph)  # no labels
errors = embedder.loss_curve_
print(f"embedder: error {errors[0]:.3f} at first, {errors[-1]:.3f} at the end")

draws = StratifiedShuffleSplit(4, train_size=12, random_state=0)
for name, start in {"scratch": None, "embedder": FrozenEstimator(embedder)}.items():
    clf = GraphAttentionClassifier(pretrained=start, max_epochs=60, random_state=0)
    scores = cross_val_score(clf, graph, y, cv=draws)
    print(f"from {name:<10}accuracy {scores.mean():.3f} ± {scores.std():.3f}")
