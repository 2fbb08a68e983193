"""Unknown labels are None in a column of words."""

import numpy as np
from case import check

from skattn import Graph, GraphAttentionClassifier

rng = np.random.default_rng(0)
y = np.array(["cat", "dog"], dtype=object)[np.arange(12) % 2]
y[:3] = None
G = Graph(np.eye(12), rng.normal(size=(12, 2)))
try:
    c = GraphAttentionClassifier(unlabeled=np.nan, max_epochs=1, random_state=0).fit(
        G, y
    )
    check(list(c.classes_) == ["cat", "dog"], str(c.classes_))
except (ValueError, TypeError) as e:
    check("unlabeled" in str(e), f"{type(e).__name__}: {str(e)[:160]}")
