"""Node features in polars (set_output(transform='polars')), many graphs."""

import numpy as np
import polars as pl
from case import check

from skattn import Graph, GraphAttentionClassifier

rng = np.random.default_rng(0)
gs = [Graph(np.eye(3), pl.DataFrame(rng.normal(size=(3, 2)))) for _ in range(6)]
clf = GraphAttentionClassifier(max_epochs=1).fit(gs, [0, 1] * 3)
check(clf.predict(gs).shape == (6,), "fitted")
