"""
Grid search on one graph
========================

A slice of a :class:`~skattn.Graph` selects target nodes; all other nodes remain
context. Splitters and searches of scikit-learn slice a graph as they slice an array.
"""

# %%
# Data
# ----
# A graph of 300 nodes in three communities. Half of the nodes are training targets.

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import GraphAttentionClassifier
from skattn.datasets import make_communities
from skattn.preprocessing import NodeTransformer

graph, y = make_communities(
    300, 3, p_within=0.04, p_between=0.01, class_sep=0.5, random_state=0
)
G_train, G_test, y_train, y_test = train_test_split(
    graph, y, test_size=0.5, stratify=y, random_state=0
)
print(G_train)

# %%
# Search
# ------
# :class:`~skattn.preprocessing.NodeTransformer` scales the node features inside the
# pipeline. It is fitted on the training targets of each fold.

pipeline = make_pipeline(
    NodeTransformer(StandardScaler()),
    GraphAttentionClassifier(max_epochs=60, random_state=0),
)
grid = {
    "graphattentionclassifier__n_layers": [1, 2],
    "graphattentionclassifier__attention": ["gat", "gatv2"],
}
search = GridSearchCV(pipeline, grid, cv=3).fit(G_train, y_train)

print("best parameters:", search.best_params_)
print(f"accuracy in cross-validation: {search.best_score_:.3f}")
print(f"accuracy on the other half:   {search.score(G_test, y_test):.3f}")

# %%
# Scores of all candidates
# ------------------------
# The bars are means over three folds, the lines standard deviations.

results = pd.DataFrame(search.cv_results_)
names = [
    f"{layers} layer{'s' if layers > 1 else ''}, {attention}"
    for layers, attention in zip(
        results["param_graphattentionclassifier__n_layers"],
        results["param_graphattentionclassifier__attention"],
        strict=True,
    )
]
_, ax = plt.subplots(figsize=(6, 3), layout="constrained")
ax.barh(names, results["mean_test_score"], xerr=results["std_test_score"])
ax.set(xlabel="accuracy in cross-validation", xlim=(0, 1))
plt.show()
