"""Edges with a missing end, labels not given: all of them meet in a node called nan."""

import pandas as pd
from case import check, refuses

from skattn import Graph

e = pd.DataFrame({"src": ["a", "b", "c", "d"], "dst": ["b", None, None, None]})
ok, text = refuses(
    lambda: list(Graph.from_edges(e).nodes), "missing", "NaN", "nan", "None"
)
check(ok, text)
