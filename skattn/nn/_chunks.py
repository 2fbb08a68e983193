"""Some receivers at a time, where what all need would not fit into memory."""

from collections.abc import Iterator
from typing import NoReturn

import torch
from torch import Tensor, nn

from skattn.ops import GraphStructure

MAX_EDGES = 1 << 18
"""Edges of a chunk. Two layers of gatv2 with 4 heads x 64 over 169 k nodes and 2.5 M
weighted edges, where one row of 256 numbers per node is 173 MB: peaks of 524, 564, 658
and 808 MB with chunks of 2**14, 2**16, 2**18 and 2**20 edges, 863 as a whole; 4.9, 4.7,
4.5, 4.8 and 5.3 s of processor time. Backends that make a message per edge need 268 MB
for one such chunk."""

Chunk = tuple[slice, GraphStructure]


def chunks(structure: GraphStructure, max_edges: int) -> Iterator[Chunk]:
    """Cut a graph into stretches of receivers with all their senders.

    Parameters
    ----------
    structure : GraphStructure
        Edges and wider neighbourhoods, which count as well.
    max_edges : int
        Edges of a chunk at most, unless a single receiver has more.

    Yields
    ------
    slice
        The receivers; there is at least one chunk, if of nobody.
    GraphStructure
        Their edges; senders are all nodes.
    """
    neighbourhoods = (structure.edges, *structure.hops.values())
    ends = torch.stack([edges.indptr for edges in neighbourhoods]).sum(0)
    n_receivers, low = structure.edges.n_receivers, 0
    while True:
        full = torch.searchsorted(ends, ends[low] + max_edges, right=True)
        high = min(max(int(full) - 1, low + 1), n_receivers)
        yield slice(low, high), structure.part(low, high)
        low = high
        if low >= n_receivers:
            return


def gather(pieces: Iterator[tuple[slice, Tensor]], n_rows: int) -> Tensor:
    """Put stretches of rows where they belong."""
    rows, piece = next(pieces)
    whole = piece.new_empty(n_rows, *piece.shape[1:])
    whole[rows] = piece
    for rows, piece in pieces:
        whole[rows] = piece
    return whole


def refuse_readout() -> NoReturn:
    """Raise ValueError: a readout is of all nodes at once."""
    raise ValueError(
        "a network with a readout takes whole graphs, got a request for chunks. Make "
        "batches of fewer graphs."
    )


def check_chunks(module: nn.Module, max_edges: int) -> None:
    """Raise ValueError if a module cannot go through a graph by such chunks."""
    if module.training:
        raise ValueError(
            "only a module in evaluation takes a graph in chunks, got one in training. "
            "Call module.eval() first."
        )
    if max_edges < 1:
        raise ValueError(f"max_edges must be at least 1, got {max_edges}.")
