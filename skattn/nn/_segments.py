"""Operations on the node ranges of a disjoint union of graphs."""

from typing import Literal

import torch
from torch import Tensor

from skattn.ops import Edges, GraphStructure

Pool = Literal["mean", "sum", "max"]


def node_ptr_of(structure: GraphStructure) -> Tensor:
    """Return the bounds of the node ranges: (n_graphs + 1,) int64."""
    if structure.node_ptr is not None:
        return structure.node_ptr
    edges = structure.edges
    return torch.tensor([0, edges.n_receivers], device=edges.indptr.device)


def graph_of_nodes(structure: GraphStructure) -> Tensor:
    """Return the graph number of every node: (n_nodes,) int64."""
    node_ptr = node_ptr_of(structure)
    numbers = torch.arange(len(node_ptr) - 1, device=node_ptr.device)
    n_nodes = structure.edges.n_receivers
    return numbers.repeat_interleave(node_ptr.diff(), output_size=n_nodes)


def graph_edges(structure: GraphStructure) -> Edges:
    """Make edges from every graph (receiver) to its nodes (senders)."""
    node_ptr, n_nodes = node_ptr_of(structure), structure.edges.n_receivers
    senders = torch.arange(n_nodes, dtype=torch.int32, device=node_ptr.device)
    return Edges(node_ptr, senders, n_nodes)


def reduce_graphs(x: Tensor, structure: GraphStructure, how: Pool) -> Tensor:
    """Reduce the rows of every graph to (n_graphs, width); zeros for empty graphs."""
    node_ptr = node_ptr_of(structure)
    out = torch.segment_reduce(x, how, offsets=node_ptr, axis=0)
    empty = (node_ptr.diff() == 0)[:, None]
    return out if how == "sum" else out.masked_fill(empty, 0.0)
