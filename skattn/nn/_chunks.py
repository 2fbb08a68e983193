"""Evaluation in chunks of receivers, to save memory, perhaps by several processes."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn, Protocol

import torch
from torch import Tensor, nn

from skattn.nn._operator import NodeOperator
from skattn.ops import GraphStructure, SparseMatrix

MAX_EDGES = 1 << 18
"""Default size of a chunk: fewer edges save little memory, more are no faster."""

Chunk = tuple[slice, GraphStructure]


class Dealer(Protocol):
    """Division of chunks among processes, each of which computes a range of them."""

    def own(self, n_chunks: int) -> range:
        """Return the chunks of this process; all, if there are too few to divide."""

    def gather(self, rows: Tensor, n_rows: list[int]) -> Tensor:
        """Return the rows of all processes, each of which has rows of its chunks.

        ``n_rows`` is the number of rows of each chunk.
        """


_DEALER: ContextVar[Dealer | None] = ContextVar("skattn_dealer", default=None)


@contextmanager
def dealt_chunks(dealer: Dealer) -> Iterator[None]:
    """Divide the chunks of every operator among processes within the context."""
    token = _DEALER.set(dealer)
    try:
        yield
    finally:
        _DEALER.reset(token)


def chunks(structure: GraphStructure, max_edges: int) -> Iterator[Chunk]:
    """Split a graph into ranges of receivers, with all their edges."""
    for rows in chunk_rows(structure, max_edges):
        yield rows, structure.part(rows.start, rows.stop)


def chunk_rows(structure: GraphStructure, max_edges: int) -> Iterator[slice]:
    """Return the ranges of receivers of the chunks.

    Edges of k-hop neighbourhoods count too. A chunk exceeds ``max_edges`` only if a
    single receiver does; an empty graph is one empty chunk.
    """
    neighbourhoods = (structure.edges, *structure.hops.values())
    ends = torch.stack([edges.indptr for edges in neighbourhoods]).sum(0)
    n_receivers, low = structure.edges.n_receivers, 0
    while True:
        full = torch.searchsorted(ends, ends[low] + max_edges, right=True)
        high = min(max(int(full) - 1, low + 1), n_receivers)
        yield slice(low, high)
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
    """Evaluate a node operator in chunks of receivers, those of other processes too."""
    sent = operator.send(x, None)

    def compute(ranges: list[slice]) -> Tensor:
        first, last = ranges[0].start, ranges[-1].stop
        parts = (
            (
                slice(rows.start - first, rows.stop - first),
                operator.receive(
                    x, rows, sent, structure.part(rows.start, rows.stop), None
                ),
            )
            for rows in ranges
        )
        return gather(parts, last - first)

    ranges, dealer = list(chunk_rows(structure, max_edges)), _DEALER.get()
    if dealer is None:
        return compute(ranges)
    own = dealer.own(len(ranges))
    computed = compute(ranges[own.start : own.stop])
    return dealer.gather(computed, [rows.stop - rows.start for rows in ranges])


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
