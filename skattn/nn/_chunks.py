"""Evaluation in chunks of receivers, to save memory."""

from collections.abc import Iterator
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from skattn.nn._operator import NodeOperator
from skattn.ops import GraphStructure, SparseMatrix

MAX_EDGES = 1 << 18
"""Default size of a chunk: fewer edges save little memory, more are no faster."""

Chunk = tuple[slice, GraphStructure]


def chunks(structure: GraphStructure, max_edges: int) -> Iterator[Chunk]:
    """Split a graph into ranges of receivers, with all their edges.

    Edges of k-hop neighbourhoods count too. A chunk exceeds ``max_edges`` only if a
    single receiver does; an empty graph is one empty chunk.
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
    """Concatenate ranges of rows into one preallocated tensor."""
    rows, piece = next(pieces)
    whole = piece.new_empty(n_rows, *piece.shape[1:])
    whole[rows] = piece
    for rows, piece in pieces:
        whole[rows] = piece
    return whole


def in_chunks(
    operator: NodeOperator[Any],
    x: Tensor | SparseMatrix,
    structure: GraphStructure,
    max_edges: int,
) -> Tensor:
    """Evaluate a node operator in chunks of receivers."""
    sent = operator.send(x, None)
    parts = (
        (rows, operator.receive(x, rows, sent, part, None))
        for rows, part in chunks(structure, max_edges)
    )
    return gather(parts, len(x))


def refuse_readout() -> NoReturn:
    """Raise ValueError for the evaluation of a network with a readout in chunks."""
    raise ValueError(
        "evaluation in chunks needs a network without readout, got one with a readout. "
        "Use batches of fewer graphs."
    )


def check_chunks(module: nn.Module, max_edges: int) -> None:
    """Raise ValueError in training mode or for an invalid ``max_edges``."""
    if module.training:
        raise ValueError(
            "a module must be in evaluation mode to be evaluated in chunks, got "
            "training mode. Call module.eval() first."
        )
    if max_edges < 1:
        raise ValueError(f"max_edges must be at least 1, got {max_edges}.")
