"""An adjacency DataFrame with columns in another order than its index."""

import numpy as np
import pandas as pd
from case import check, refuses

from skattn import Graph

A = pd.DataFrame(
    [[0, 1, 0], [1, 0, 0], [0, 0, 0]], index=list("ABC"), columns=list("ABC")
)
same = (
    Graph(A).adjacency.toarray() == Graph(A[["A", "C", "B"]]).adjacency.toarray()
).all()
check(same, "the same labelled matrix gives the same graph (or an error)")
square = pd.DataFrame(np.eye(2), index=["u1", "u2"], columns=["i1", "i2"])
ok, text = refuses(lambda: Graph(square), "label", "index", "column")
check(ok, "users x items is no adjacency: " + text)
