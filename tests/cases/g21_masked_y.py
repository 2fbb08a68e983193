"""Unknown answers in a numpy masked array: the mask is dropped."""

import numpy as np
from case import check, refuses

from skattn import GraphAttentionRegressor

rng = np.random.default_rng(0)
y = np.ma.masked_array(np.r_[np.arange(9.0), 1e6, 1e6, 1e6], np.arange(12) > 8)
r = GraphAttentionRegressor(max_epochs=1, random_state=0)
ok, text = refuses(
    lambda: r.fit(rng.normal(size=(12, 2)), y)._label_encoding_.mean, "mask"
)
mean = None if ok else float(r._label_encoding_.mean[0])
check(ok or mean == 4.0, f"mean learned {mean}, of the unmasked 4.0; {text[:60]}")
