"""A row with the output NaN (a fill value, an overflow) gets the first class."""

import numpy as np
from case import check, refuses

from skattn import GraphAttentionClassifier

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4))
y = np.where(X[:, 0] > 0, "yes", "no")
clf = GraphAttentionClassifier(max_epochs=20, random_state=0).fit(X, y)
filled = np.full((2, 4), 9.96921e36)
ok, text = refuses(lambda: clf.predict(filled), "finite", "NaN")
check(ok or np.isfinite(clf.predict_proba(filled)).all(), text)
clf = clf.set_params(norm="layer").fit(X, y)
ok, text = refuses(lambda: clf.predict(filled), "finite", "NaN")
check(ok, text)
