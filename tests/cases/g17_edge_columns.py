"""A table of edges with (source, target) not in the first two columns."""

import warnings

import pandas as pd
from case import check

from skattn import Graph

e = pd.DataFrame({"edge_id": [0, 1], "source": [1, 2], "target": [2, 0]})
want = Graph.from_edges(e[["source", "target"]], nodes=3).adjacency.toarray()
for frame in (e, e[["target", "source"]]):
    with warnings.catch_warnings(record=True) as w:
        warnings.simplefilter("always")
        try:
            same = (Graph.from_edges(frame, nodes=3).adjacency.toarray() == want).all()
        except (ValueError, TypeError):
            same = True
    check(same or bool(w), f"columns {list(frame)}")
