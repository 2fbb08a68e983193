"""skorch's ProgressBar among the callbacks."""

import numpy as np
from case import check
from skorch.callbacks import ProgressBar

from skattn import GraphAttentionClassifier

rng = np.random.default_rng(0)
X = rng.normal(size=(30, 2))
clf = GraphAttentionClassifier(max_epochs=2, net_params={"callbacks": [ProgressBar()]})
clf.fit(X, [0, 1] * 15)
check(clf.n_iter_ == 2, "fitted")
