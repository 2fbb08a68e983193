"""Sequences given as DataFrames; at predict the columns come in another order."""

import numpy as np
import pandas as pd
from case import check, refuses

from skattn import GraphAttentionClassifier

rng = np.random.default_rng(0)
S = [
    pd.DataFrame(rng.normal((0, 5 * (i % 2)), size=(6, 2)), columns=["a", "b"])
    for i in range(20)
]
clf = GraphAttentionClassifier(max_epochs=40, random_state=0).fit(S, np.arange(20) % 2)
ok, text = refuses(lambda: clf.predict([s[["b", "a"]] for s in S]), "feature names")
check(ok, text)
check(hasattr(clf, "feature_names_in_"), "feature_names_in_ is there")
