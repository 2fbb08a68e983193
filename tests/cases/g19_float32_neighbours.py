"""Neighbours in float32 of survey coordinates in metres, 2 cm apart."""

import warnings

import numpy as np
from case import check
from sklearn.neighbors import NearestNeighbors

from skattn import GraphAttentionClassifier
from skattn.inspection import attention_weights

rng = np.random.default_rng(0)
n = 40
X = np.c_[5e5 + np.arange(n) * 0.02, 5.1e6 + rng.permutation(n) * 0.02]
with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter("always")
    clf = GraphAttentionClassifier(n_neighbors=3, max_epochs=1, random_state=0).fit(
        X, np.arange(n) % 2
    )
A = attention_weights(clf, X)[-1][0]
truth = NearestNeighbors(n_neighbors=3).fit(X).kneighbors(X, return_distance=False)
right = sum(set(t) <= set(A[[i]].indices) for i, t in enumerate(truth))
check(
    right == n or any("float32" in str(x.message) for x in w),
    f"{right} of {n} rows attend to their nearest; warnings {len(w)}",
)
