"""Hierarchical readout by self-attention graph pooling (SAGPool)."""

from dataclasses import replace
from typing import cast

import torch
from torch import Generator, Tensor, nn

from skattn.nn._attention import GraphAttention
from skattn.nn._block_spec import BlockSpec, make_attention
from skattn.nn._graph_readout import GraphReadout
from skattn.nn._linear import Linear
from skattn.nn._segments import graph_of_nodes, node_ptr_of, reduce_graphs
from skattn.ops import Edges, GraphStructure

N_LEVELS = 3
"""Number of pooling levels, as in the paper's hierarchical architecture."""
TIE = 1e-5
"""Relative difference below which scores tie: scores of symmetric nodes (carbons of a
ring) are equal up to rounding."""


class HierarchicalReadout(GraphReadout):
    """Hierarchical readout by self-attention graph pooling (SAGPool).

    After Lee et al. 2019, equations 3 to 7. At each of three levels, a graph attention
    with one output scores the nodes, and the top-scoring half of each graph's nodes (at
    least one) is kept with the edges among them, ``x' = x[kept] tanh(score[kept])``.
    The mean and the maximum over the nodes of each level are concatenated and mapped
    linearly; the levels are summed.

    It differs from the paper in that level 0 reads out all nodes, scores come from an
    attention (with edge weights and features) instead of a GCN, and nodes that tie with
    the lowest score kept are kept too, so that the order of the nodes does not matter.
    Unlike DiffPool (Ying et al. 2018), it has no dense assignment matrix.

    Experimental: no benchmark of skattn covers it.

    Parameters
    ----------
    width : int
        Width of the node features and of the output.
    spec : BlockSpec
        Score function and number of edge features of the attentions.

    Examples
    --------
    >>> import torch
    >>> from skattn.nn import BlockSpec, HierarchicalReadout
    >>> from skattn.ops import Edges, GraphStructure
    >>> edges = Edges.from_csr([0, 1, 2, 3], [1, 0, 2], n_senders=3)
    >>> structure = GraphStructure(edges, node_ptr=torch.tensor([0, 2, 3]))
    >>> HierarchicalReadout(8, BlockSpec())(torch.randn(3, 8), structure).shape
    torch.Size([2, 8])
    """

    def __init__(self, width: int, spec: BlockSpec) -> None:
        super().__init__()
        untyped = replace(spec, n_edge_types=0)
        self.scores = nn.ModuleList(
            make_attention(untyped, width, 1, n_heads=1) for _ in range(N_LEVELS)
        )
        self.levels = nn.ModuleList(
            Linear(2 * width, width) for _ in range(N_LEVELS + 1)
        )

    def pool(
        self, x: Tensor, structure: GraphStructure, generator: Generator | None, /
    ) -> Tensor:
        """Sum the readouts of all levels."""
        first, *others = self.levels
        out: Tensor = first(_mean_and_max(x, structure))
        for attention, level in zip(self.scores, others, strict=True):
            attention = cast("GraphAttention", attention)
            score = attention(x, structure, generator=generator)
            kept = top_half(score[:, 0].detach(), structure)
            x = x[kept] * score[kept].tanh()
            structure = induced(structure, kept)
            out = out + level(_mean_and_max(x, structure))
        return out


def _mean_and_max(x: Tensor, structure: GraphStructure) -> Tensor:
    return torch.cat(
        [reduce_graphs(x, structure, "mean"), reduce_graphs(x, structure, "max")], 1
    )


def top_half(score: Tensor, structure: GraphStructure) -> Tensor:
    """Return a mask of the top-scoring half of each graph's nodes, ties included."""
    graphs, node_ptr = graph_of_nodes(structure), node_ptr_of(structure)
    order = score.argsort(descending=True)
    by_graph = graphs[order].argsort(stable=True)
    ranked = score[order][by_graph]  # graph by graph, descending
    sizes = node_ptr.diff()
    last = node_ptr[:-1] + (sizes + 1) // 2 - 1  # the lowest of each top half
    threshold = ranked[last[graphs]]
    return score >= threshold - TIE * (1 + threshold.abs())


def induced(structure: GraphStructure, kept: Tensor) -> GraphStructure:
    """Return the induced subgraph of the kept nodes (a mask), without hops."""
    edges = structure.edges
    kept_edges = kept[edges.receivers] & kept[edges.senders]
    new_number = _count_before(kept)
    starts = edges.indptr[torch.cat([kept, kept.new_ones(1)])]
    new = Edges(
        indptr=_count_before(kept_edges)[starts],
        senders=new_number[edges.senders[kept_edges]].to(edges.senders.dtype),
        n_senders=int(new_number[-1]),
    )
    return GraphStructure(
        edges=new,
        edge_data=structure.edge_data.map(lambda rows: rows[kept_edges]),
        node_ptr=new_number[node_ptr_of(structure)],
    )


def _count_before(mask: Tensor) -> Tensor:
    """Count the True elements before each position, and before the end."""
    return torch.cat([mask.new_zeros(1, dtype=torch.int64), mask.long().cumsum(0)])
