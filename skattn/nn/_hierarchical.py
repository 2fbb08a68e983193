"""Hierarchical readout by self-attention graph pooling."""

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
"""Pooling levels, as in the paper's hierarchical architecture."""
TIE = 1e-5
"""Relative difference below which scores are equal. Symmetric nodes (the carbons
of a ring) have equal scores up to rounding; breaking such ties by node number would
make the output depend on the numbering."""


class HierarchicalReadout(GraphReadout):
    """Hierarchical readout: every level keeps the top-scoring half of the nodes.

    Self-attention graph pooling (SAGPool, Lee et al. 2019, equations 3 to 7): an
    attention with one output scores every node from its neighbourhood; the top half of
    each graph's nodes is kept (at least one) with the edges among them,
    ``x' = x[kept] tanh(score[kept])``. Each level concatenates mean and maximum of its
    nodes and maps them linearly; the levels are summed.

    It differs from the paper in three ways. Level 0 reads out all nodes. The score is
    an attention instead of a GCN, so it uses edge weights and edge features. And nodes
    that tie with the lowest score kept are kept too, so that the output does not depend
    on the numbering of the nodes.

    Unlike DiffPool (Ying et al. 2018) it needs no assignment matrix: memory grows with
    the edges, not with the square of the nodes, and the kept nodes can be displayed.

    Parameters
    ----------
    width : int
        Width of the node features and of the output.
    spec : BlockSpec
        Score and width of the edge features of the attentions.

    Shape
    -----
    - Input: ``(n_nodes, width)``
    - Output: ``(n_graphs, width)``
    """

    def __init__(self, width: int, spec: BlockSpec) -> None:
        super().__init__()
        self.scores = nn.ModuleList(
            make_attention(spec, width, 1, n_heads=1) for _ in range(N_LEVELS)
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
            kept = better_half(score[:, 0].detach(), structure)
            x = x[kept] * score[kept].tanh()
            structure = induced(structure, kept)
            out = out + level(_mean_and_max(x, structure))
        return out


def _mean_and_max(x: Tensor, structure: GraphStructure) -> Tensor:
    return torch.cat(
        [reduce_graphs(x, structure, "mean"), reduce_graphs(x, structure, "max")], 1
    )


def better_half(score: Tensor, structure: GraphStructure) -> Tensor:
    """Return the mask of the top-scoring half of every graph's nodes.

    Parameters
    ----------
    score : Tensor of shape (n_nodes,)
        Score of every node.
    structure : GraphStructure
        Node ranges of the graphs.

    Returns
    -------
    Tensor of shape (n_nodes,), bool
        Half of each graph's nodes, rounded up, and those that tie with the lowest score
        kept.
    """
    graphs, node_ptr = graph_of_nodes(structure), node_ptr_of(structure)
    order = score.argsort(descending=True)
    by_graph = graphs[order].argsort(stable=True)
    ranked = score[order][by_graph]  # graph by graph, best first
    sizes = node_ptr.diff()
    last = node_ptr[:-1] + (sizes + 1) // 2 - 1  # the worst of each better half
    bar = ranked[last[graphs]]
    return score >= bar - TIE * (1 + bar.abs())


def induced(structure: GraphStructure, kept: Tensor) -> GraphStructure:
    """Return the subgraph that some nodes induce.

    Parameters
    ----------
    structure : GraphStructure
        Edges, edge data and node ranges; hops are dropped.
    kept : Tensor of shape (n_nodes,), bool
        Mask of the nodes to keep, in their order.

    Returns
    -------
    GraphStructure
        The kept nodes, renumbered, with the edges among them.
    """
    edges = structure.edges
    stay = kept[edges.receivers] & kept[edges.senders]
    number = _before(kept)  # of a node that stays, its new number
    starts = edges.indptr[torch.cat([kept, kept.new_ones(1)])]
    new = Edges(
        indptr=_before(stay)[starts],
        senders=number[edges.senders[stay]].to(edges.senders.dtype),
        n_senders=int(number[-1]),
    )
    return GraphStructure(
        edges=new,
        edge_data=structure.edge_data.map(lambda rows: rows[stay]),
        node_ptr=number[node_ptr_of(structure)],
    )


def _before(marked: Tensor) -> Tensor:
    """Count the marked elements before each position and before the end."""
    return torch.cat([marked.new_zeros(1, dtype=torch.int64), marked.long().cumsum(0)])
