"""A column of dates inside a sequence's DataFrame (tables refuse it)."""

import numpy as np
import pandas as pd
from case import check, refuses

from skattn import GraphAttentionClassifier

rng = np.random.default_rng(0)
S = [
    pd.DataFrame({"when": pd.date_range("2020", periods=5), "v": rng.normal(size=5)})
    for _ in range(6)
]
ok, text = refuses(
    lambda: GraphAttentionClassifier(max_epochs=1).fit(S, [0, 1] * 3), "when", "date"
)
check(ok, text)
