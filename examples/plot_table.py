"""
Classify the rows of a table
============================

A plain table needs no graph: each row attends to its nearest training rows. This
example compares :class:`~skattn.GraphAttentionClassifier` with a k-nearest neighbours
classifier and shows which training rows a new row attends to.
"""

# %%
# Compare two classifiers
# -----------------------
# Both use distances between rows, so the features are scaled first. The scores are the
# accuracies on three folds of the breast cancer data (569 rows, 30 features).

import matplotlib.pyplot as plt
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import GraphAttentionClassifier
from skattn.inspection import AttentionDisplay

X, y = load_breast_cancer(return_X_y=True)
for model in [GraphAttentionClassifier(random_state=0), KNeighborsClassifier()]:
    scores = cross_val_score(make_pipeline(StandardScaler(), model), X, y, cv=3)
    name = type(model).__name__
    print(f"{name:<26} accuracy {scores.mean():.3f} ± {scores.std():.3f}")

# %%
# Attention weights of one row
# ----------------------------
# A row attends to itself and to its ``n_neighbors=8`` nearest training rows.
# :class:`~skattn.inspection.AttentionDisplay` takes the estimator and its input, which
# is the output of the steps before it.

X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
pipeline = make_pipeline(StandardScaler(), GraphAttentionClassifier(random_state=0))
pipeline.fit(X_train, y_train)
rows = pipeline[:-1].transform(X_test)
AttentionDisplay.from_estimator(pipeline[-1], rows, row=0)
plt.show()
