"""Records that kernels take: addresses of tables, sizes, settings.

Addresses are integers, 0 where a table is absent; the caller keeps its tensor alive.
Kernels take records as plain tuples, in the order of the fields, and name them: numba's
dispatcher takes 0.4 us for each named one. Scores keep their names, which choose hooks.
"""

from __future__ import annotations

from collections import namedtuple

__all__ = [
    "Dot", "Forward", "Gat", "GatV2", "Gradients", "Group",
    "HeadShape", "Inputs", "Matrix", "Outputs", "Rows", "Sizes", "Statistics", "Sums",
    "Upstream", "Workspace",
]  # fmt: skip

# ---- rows ----------------------------------------------------------------------------

# One direction of the edges; `numbers` is 0 where an edge's number is its position,
# `wide` says whether others and numbers are int64.
Rows = namedtuple("Rows", "cuts indptr others numbers wide")
# Rows i to k, edges begin to end.
Group = namedtuple("Group", "i k begin end")

# ---- a call of attention -------------------------------------------------------------

# A table with `width` numbers per head, `step` apart: the width in whole lanes.
HeadShape = namedtuple("HeadShape", "heads width step")
# Tables of a score, each of that shape: of the nodes whose rows are walked, and of
# those gathered. The numbers per head of "gat" are one head of that many; its gathered
# rows are `apart` numbers apart, and prefetched `ahead`.
Gat = namedtuple("Gat", "walked gathered heads width step slope apart ahead")
GatV2 = namedtuple("GatV2", "walked gathered heads width step slope attention")
Dot = namedtuple("Dot", "walked gathered heads width step scale")
# `sums` are as many as heads, or twice as many where forward sums every head's values
# two ways. `step` is a head's width in whole lanes, `columns` that of one in dout.
# `ahead` is how many edges ahead rows are prefetched, 0 for not at all.
Sizes = namedtuple("Sizes", "heads sums slots width step features columns ahead")
# Tables beside the score; smallest hash that dropout keeps, halves of its seed, scale.
Inputs = namedtuple(
    "Inputs", "value bias edge_features offset threshold low high scale"
)

# ---- forward -------------------------------------------------------------------------

# Output and log-sum-exps; the same of the second sums, see `_query_gradient`; scores.
Outputs = namedtuple("Outputs", "out lse above lse_above scores")

# ---- backward ------------------------------------------------------------------------

# Results of forward and the gradient of its output; `query` and the second sums only
# of "gat".
Forward = namedtuple("Forward", "out lse dout offset query above lse_above slope")
# Rows of (queries of "gat", log-sum-exps, dout . (out - offset)); offset gradients of
# every block; the query's gradient.
Statistics = namedtuple("Statistics", "stat doffset dquery")
# dout in whole lanes and as it came, log-sum-exps and dout . (out - offset) in rows
# `apart` numbers apart, scores.
Upstream = namedtuple("Upstream", "table dout stat apart scores")
# `dattention` has a part per block; `dkey` and `dvalue` may be one table.
Gradients = namedtuple(
    "Gradients", "dkey dvalue dedge_features dscore dattention dquery"
)
# Where the gradients of a row are summed: of the row, of gathered rows, of attention.
Sums = namedtuple("Sums", "own gathered dattention")

# ---- others --------------------------------------------------------------------------

# A sparse matrix times a dense one: values by the numbers of edges; dropout.
Matrix = namedtuple("Matrix", "values dense threshold low high scale")
# Of every edge the number, of both ends and its own, and a word; of its slots a word
# and four numbers; of a row three sums; of its slots two numbers; three in float64; of
# slots a word. `others` goes on for AHEAD edges behind the group.
Workspace = namedtuple(
    "Workspace",
    "walked others numbers edge_words words s t u w o g d top z o_sums g_sums z_sums "
    "head_words",
)
