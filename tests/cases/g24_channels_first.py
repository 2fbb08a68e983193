"""aeon's (n, channels, time) straight into fit: every series becomes one step."""

import warnings

import numpy as np
from case import check

from skattn import GraphAttentionClassifier

rng = np.random.default_rng(0)
X = rng.normal(size=(10, 1, 30))
with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter("always")
    clf = GraphAttentionClassifier(max_epochs=1).fit(X, [0, 1] * 5)
found = [str(warning.message)[:50] for warning in w]
check(any("axis" in str(x.message) for x in w), f"{clf.n_features_in_}, {found}")
