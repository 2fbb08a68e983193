"""
Classify the rows of a table
============================

A plain table needs no graph: each row attends to its nearest training rows. This
example compares :class:`~skattn.GraphAttentionClassifier` with a k-nearest neighbours
classifier.
"""

# %%
# Compare two classifiers
# -----------------------
# Both use distances between rows, so the features are scaled first. The scores are the
# accuracies on three folds of the breast cancer data (569 rows, 30 features).

import matplotlib.pyplot as plt
from sklearn.datasets import load_breast_cancer, make_moons
from sklearn.inspection import DecisionBoundaryDisplay
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import GraphAttentionClassifier

X, y = load_breast_cancer(return_X_y=True)
for model in [GraphAttentionClassifier(random_state=0), KNeighborsClassifier()]:
    scores = cross_val_score(make_pipeline(StandardScaler(), model), X, y, cv=3)
    name = type(model).__name__
    print(f"{name:<26} accuracy {scores.mean():.3f} ± {scores.std():.3f}")

# %%
# Decision boundaries
# -------------------
# Both classifiers on two features, with the probability of the second class as colour.
# The k-nearest neighbours classifier counts the labels of the neighbours; the attention
# network computes with the features of the row and of its neighbours.

X, y = make_moons(200, noise=0.3, random_state=0)
figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for ax, model in zip(
    axes,
    [GraphAttentionClassifier(random_state=0), KNeighborsClassifier()],
    strict=True,
):
    boundary = DecisionBoundaryDisplay.from_estimator(
        model.fit(X, y),
        X,
        response_method="predict_proba",
        plot_method="pcolormesh",
        grid_resolution=60,
        cmap="coolwarm",
        vmin=0,
        vmax=1,
        ax=ax,
    )
    ax.scatter(*X.T, c=y, cmap="coolwarm", edgecolors="black", s=25)
    ax.set(title=type(model).__name__, xlabel="first feature", ylabel="second feature")
figure.colorbar(boundary.surface_, ax=axes, label="probability of the second class")
plt.show()
