"""set_output(transform='pandas') of a graph with names: rows are called 0, 1, ..."""

import numpy as np
from case import check

from skattn import AttentionEmbedder, Graph

rng = np.random.default_rng(0)
G = Graph(np.eye(4), rng.normal(size=(4, 2)), nodes=list("abcd"))
e = (
    AttentionEmbedder(n_components=2, max_epochs=1, random_state=0)
    .set_output(transform="pandas")
    .fit(G)
)
got = list(e.transform(G[[3, 1]]).index)
check(got == ["d", "b"], f"index {got}, want ['d', 'b']")
