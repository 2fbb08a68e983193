"""A readout that looks at ever fewer nodes of a graph."""

from typing import cast

import torch
from torch import Generator, Tensor, nn

from skattn.nn._attention import GraphAttention
from skattn.nn._block_spec import BlockSpec, make_attention
from skattn.nn._edge_inputs import edge_inputs
from skattn.nn._graph_readout import GraphReadout
from skattn.nn._linear import Linear
from skattn.nn._segments import graph_of_nodes, node_ptr_of, reduce_graphs
from skattn.ops import Edges, GraphStructure

N_LEVELS = 3
"""Selections one after the other, as in the paper's hierarchical architecture."""
TIE = 1e-5
"""Nodes whose scores differ by less are equally good. Nodes that a symmetry of the
graph exchanges (the carbons of a ring) have the same score up to rounding; choosing
among them by their number would make the output depend on the numbering."""


class HierarchicalReadout(GraphReadout):
    """Attention chooses the better half of the nodes, again and again.

    Self-attention graph pooling (SAGPool, Lee et al. 2019, equations 3 to 7): an
    attention with one output scores every node from its neighbourhood; the better half
    of each graph's nodes stays (one at least) with the edges among them,
    ``x' = x[kept] tanh(score[kept])``. Each level's nodes are read out as mean and
    maximum side by side, mapped linearly, and the levels are summed.

    It differs from the paper in three ways. All nodes together are read out as well, as
    level 0, so that no node is lost unseen. The score is an attention where the paper's
    is a GCN's, so edge weights and edge features have a say. And nodes that tie with
    the worst of the better half stay too: nodes that look alike are not told apart by
    their numbers, so the output does not depend on the numbering of the nodes.

    Of the ways to coarsen a graph this one needs no assignment matrix: memory grows
    with the edges, whereas DiffPool's (Ying et al. 2018) grows with the square of the
    nodes; and what it keeps can be shown.

    Parameters
    ----------
    width : int
        Width of the node features and of the output.
    spec : BlockSpec
        Gives the score and the width of the edge features.

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
            score = attention(x, **edge_inputs(structure), generator=generator)
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
    """Mark the nodes of every graph that score best.

    Parameters
    ----------
    score : Tensor of shape (n_nodes,)
        What counts.
    structure : GraphStructure
        Which nodes belong to which graph.

    Returns
    -------
    Tensor of shape (n_nodes,), bool
        Half of each graph's nodes, rounded up, and those that tie with the worst of
        them.
    """
    graphs, node_ptr = graph_of_nodes(structure), node_ptr_of(structure)
    order = score.argsort(descending=True)
    ranked = score[order][
        graphs[order].argsort(stable=True)
    ]  # graph by graph, best 1st
    sizes = node_ptr.diff()
    last = node_ptr[:-1] + (sizes + 1) // 2 - 1  # the worst of each better half
    bar = ranked[last[graphs]]
    return score >= bar - TIE * (1 + bar.abs())


def induced(structure: GraphStructure, kept: Tensor) -> GraphStructure:
    """Cut out some nodes with the edges among them.

    Parameters
    ----------
    structure : GraphStructure
        Who attends to whom; its hops are left out.
    kept : Tensor of shape (n_nodes,), bool
        The nodes that stay, in their order.

    Returns
    -------
    GraphStructure
        What is left, renumbered.
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
    """Count what is marked before each place and before the end."""
    return torch.cat([marked.new_zeros(1, dtype=torch.int64), marked.long().cumsum(0)])
