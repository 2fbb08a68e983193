"""An unweighted table lists an edge twice: its weight silently becomes 2."""

import warnings

from case import check

from skattn import Graph

with warnings.catch_warnings(record=True) as w:
    warnings.simplefilter("always")
    G = Graph.from_edges([(0, 1), (0, 1)], nodes=2)
check(
    not G.is_weighted or bool(w),
    f"{G.adjacency.toarray().tolist()}, warnings {[str(x.message)[:60] for x in w]}",
)
