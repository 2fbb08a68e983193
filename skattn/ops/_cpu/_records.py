"""Records of kernel arguments: addresses of tables, sizes, settings.

Addresses are integers, 0 for an absent table; the caller keeps the tensors alive.
Records are passed as plain tuples, which numba dispatches faster, and rebuilt in the
kernel. Scores are passed as records: their type selects the score's functions.
"""

from __future__ import annotations

from collections import namedtuple

__all__ = [
    "Dot",
    "EdgeGroup",
    "Forward",
    "Gat",
    "GatV2",
    "Gradients",
    "HeadShape",
    "Inputs",
    "Matrix",
    "Outputs",
    "PathGradients",
    "PathTables",
    "Products",
    "Rows",
    "Sizes",
    "Statistics",
    "Sums",
    "TypeSums",
    "Typed",
    "Upstream",
    "WalkQuestion",
    "WalkTables",
    "Workspace",
]  # fmt: skip

# ---- rows ----------------------------------------------------------------------------

# CSR of the edges in one direction, cut into blocks. `numbers` is 0 if edge numbers are
# positions; `wide` is whether others and numbers are int64.
Rows = namedtuple("Rows", "cuts indptr others numbers wide")
# Rows i to k, edges begin to end.
EdgeGroup = namedtuple("EdgeGroup", "i k begin end")

# ---- a call of attention -------------------------------------------------------------

# A table with `width` numbers per head, padded to `step` numbers.
HeadShape = namedtuple("HeadShape", "heads width step")
# Tables of a score, in the shape (heads, width, step): of the rows' nodes, and of their
# neighbours (gathered). "gat" has one head with a number per head of the attention; its
# gathered rows have `stride` numbers and are prefetched `ahead` edges ahead.
Gat = namedtuple("Gat", "row_table gathered heads width step slope stride ahead")
GatV2 = namedtuple("GatV2", "row_table gathered heads width step slope attention")
Dot = namedtuple("Dot", "row_table gathered heads width step scale")
# A score of edges with types, the shape of its rows, types in the order of edge
# numbers, vectors of types; `value` is 0 if values and vectors are those of the keys.
Typed = namedtuple("Typed", "score heads width step types key value")
# `sums`: weighted sums per row, one or (with second sums) two per head. `step`: width
# of a head padded to whole lanes; `columns`: numbers between heads of dout. `ahead`:
# prefetch distance in edges, 0 for no prefetch.
Sizes = namedtuple("Sizes", "heads sums slots width step features columns ahead")
# Other tables; dropout: smallest hash that is kept, halves of the seed, scale.
Inputs = namedtuple(
    "Inputs", "value bias edge_features offset threshold low high scale"
)

# ---- forward -------------------------------------------------------------------------

# Output and log-sum-exps, the same of second sums (`_query_gradient`), scores.
Outputs = namedtuple("Outputs", "out lse above lse_above scores")

# ---- backward ------------------------------------------------------------------------

# Results of the forward pass and the gradient of its output; `query` and second sums
# only for "gat".
Forward = namedtuple("Forward", "out lse dout offset query above lse_above slope")
# Rows of (queries of "gat", log-sum-exps, dout . (out - offset)); gradients of the
# offset per block; gradient of the query.
Statistics = namedtuple("Statistics", "stat doffset dquery")
# dout padded to whole lanes, dout, statistics in rows of `stat_stride` numbers, scores.
Upstream = namedtuple("Upstream", "table dout stat stat_stride scores")
# `dattention` has one partial sum per block; `dkey` and `dvalue` may be one table.
# `of_types`: a record `TypeSums`, 0 for edges without types.
Gradients = namedtuple(
    "Gradients", "dkey dvalue dedge_features dscore dattention dquery of_types"
)
# Sums of the gradients of types per `span` blocks, (n_spans, n_types, width): float64,
# float32 of the last edges; their number of edges, (n_spans, n_types).
TypeSums = namedtuple("TypeSums", "sums rest counts span n_types width")
# Sums of gradients: of the row, of gathered rows, of the attention vector.
Sums = namedtuple("Sums", "own gathered dattention")

# ---- others --------------------------------------------------------------------------

# Sparse times dense matrix: values in the order of edge numbers, table, dropout.
Matrix = namedtuple("Matrix", "values dense threshold low high scale")
# Dot products of both ends' rows of two tables, per edge; dropout.
Products = namedtuple("Products", "row_table gathered threshold low high scale")
# Facts, questions, reached nodes and steps of `skattn.ops.Walk`.
WalkTables = namedtuple(
    "WalkTables",
    "indptr receivers edge_relations inverses sources relations hidden_ptr hidden "
    "hide_pairs row_of node_of n_entities senders n_senders row_ptr out_ptr",
)
# One question: its hidden answers, and the tables of its nodes and rows.
WalkQuestion = namedtuple(
    "WalkQuestion", "source relation inverse hidden n_hidden row_of node_of"
)
# Tables of `skattn.ops.path_attention`; strides of one question's table, 0 if shared.
PathTables = namedtuple(
    "PathTables",
    "key value table_of gate_table value_table attention offset gate_dim dim "
    "gate_stride value_stride",
)
# Gradients of rows, and sums of one block; that of the offset follows `attention`.
PathGradients = namedtuple(
    "PathGradients", "key value gate_table value_table attention"
)
# Buffers of a group. Per edge: row, other end, edge number, hash word; per edge and
# slot: hash word, s, t, u, w; per row: sums o, g, d; per row and slot: top, z; sums in
# float64; per slot: hash word. `others` extends AHEAD edges beyond the group. `room`:
# address of the room after the buffers, of edges with types.
Workspace = namedtuple(
    "Workspace",
    "edge_rows others numbers edge_words words s t u w o g d top z o_sums g_sums "
    "z_sums head_words room",
)
