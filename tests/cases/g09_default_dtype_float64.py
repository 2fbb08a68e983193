"""torch.set_default_dtype(torch.float64), as physicists and GPyTorch users do."""

import numpy as np
import torch
from case import check

from skattn import GraphAttentionClassifier

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
y = (X[:, 0] > 0).astype(int)
want = GraphAttentionClassifier(max_epochs=3, random_state=0).fit(X, y).predict(X)
torch.set_default_dtype(torch.float64)
got = GraphAttentionClassifier(max_epochs=3, random_state=0).fit(X, y).predict(X)
check((got == want).all(), "same answers")
