"""Pairs of a relation and a sender, as the senders of typed attention.

A linear map per relation makes a projection of a sender for each relation in which it
sends. If these pairs are the senders, any score and any backend computes typed
attention, without a matrix or a projection per edge (Hu et al. 2020, Schlichtkrull et
al. 2018).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from skattn.ops._autograd import once_differentiable
from skattn.ops._edges import Edges
from skattn.ops._sparse import SparseMatrix, sparse_matmul

__all__ = ["RelationPairs", "pair_matmul", "relation_pairs"]


@dataclass(frozen=True, eq=False)
class RelationPairs:
    """Distinct pairs of edge type and sender, and the edges from them."""

    edges: Edges
    """The edges, whose senders are pairs."""
    senders: Tensor
    """(n_pairs,) int64: sender of each pair; pairs are sorted by type, then sender."""
    starts: tuple[int, ...]
    """(n_types + 1,): type r has the pairs ``starts[r]`` to ``starts[r + 1] - 1``."""

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """Range of the pairs of each type."""
        return list(pairwise(self.starts))

    @property
    def types(self) -> Tensor:
        """Type of each pair, (n_pairs,) int64."""
        counts = torch.tensor(self.starts).diff().to(self.senders.device)
        numbers = torch.arange(len(counts), device=self.senders.device)
        n_pairs = self.senders.shape[0]
        return numbers.repeat_interleave(counts, output_size=n_pairs)


def relation_pairs(edges: Edges, types: Tensor, n_types: int) -> RelationPairs:
    """Find the distinct pairs of edge type and sender.

    Parameters
    ----------
    edges : Edges
        Senders of every receiver.
    types : Tensor of shape (n_edges,)
        Type of each edge, 0 to ``n_types - 1``.
    n_types : int
        Number of types.

    Returns
    -------
    RelationPairs
        The pairs, which are found once for the same edges and types. On the meta
        device, as many as there could be.

    Raises
    ------
    ValueError
        If a type is out of range.

    Examples
    --------
    Node 0 attends to node 1 by types 0 and 1, node 1 to itself by type 0.

    >>> import torch
    >>> from skattn.ops import Edges, relation_pairs
    >>> edges = Edges.from_csr([0, 2, 3], [1, 1, 1], n_senders=2)
    >>> pairs = relation_pairs(edges, torch.tensor([0, 1, 0]), n_types=2)
    >>> pairs.senders.tolist(), pairs.starts, pairs.edges.senders.tolist()
    ([1, 1], (0, 1, 2), [0, 1, 0])
    """
    known = vars(edges).get("_pairs")  # found beside `receivers`, used by every layer
    if known is None or known[0] is not types or known[1] != n_types:
        found = _found(edges, types, n_types)
        vars(edges)["_pairs"] = known = types, n_types, found
    pairs: RelationPairs = known[2]
    return pairs


def _found(edges: Edges, types: Tensor, n_types: int) -> RelationPairs:
    n_senders, n_edges = edges.n_senders, edges.n_edges
    if types.is_meta:
        n_pairs = min(n_edges, n_types * n_senders)
        starts = (0, *[n_pairs] * n_types)
        senders = edges.indptr.new_empty(n_pairs)
        return RelationPairs(_to(edges, edges.senders, n_pairs), senders, starts)
    if n_edges and not (types.min() >= 0 and types.max() < n_types):
        raise ValueError(
            f"types must lie in 0 .. {n_types - 1}, got numbers from "
            f"{int(types.min())} to {int(types.max())}. Pass the number of all types."
        )
    keys = types.long() * n_senders + edges.senders
    if n_types * n_senders <= 8 * n_edges:  # a table is faster than sorting
        occurs = keys.new_zeros(n_types * n_senders, dtype=torch.bool)
        occurs[keys] = True
        distinct, numbers = occurs.nonzero().squeeze(1), (occurs.cumsum(0) - 1)[keys]
    else:
        distinct, numbers = keys.unique(return_inverse=True)
    bounds = torch.arange(n_types + 1, device=keys.device) * n_senders
    starts = tuple(torch.searchsorted(distinct, bounds).tolist())
    n_pairs = distinct.shape[0]
    return RelationPairs(_to(edges, numbers, n_pairs), distinct % n_senders, starts)


def _to(edges: Edges, numbers: Tensor, n_pairs: int) -> Edges:
    small = n_pairs <= torch.iinfo(torch.int32).max
    dtype = torch.int32 if small else torch.int64
    return Edges(edges.indptr, numbers.to(dtype), n_pairs)


def pair_matmul(
    x: Tensor | SparseMatrix, pairs: RelationPairs, weight: Tensor
) -> Tensor:
    """Multiply the row of each pair's sender by the matrix of its type.

    Parameters
    ----------
    x : Tensor or SparseMatrix of shape (n_senders, in_features)
        Rows of the senders.
    pairs : RelationPairs
        Types and senders.
    weight : Tensor of shape (n_types, in_features, out_features)
        Matrix of each type.

    Returns
    -------
    Tensor of shape (n_pairs, out_features)
        Products, differentiable once.

    Examples
    --------
    >>> import torch
    >>> from skattn.ops import Edges, pair_matmul, relation_pairs
    >>> edges = Edges.from_csr([0, 2], [0, 0], n_senders=1)
    >>> pairs = relation_pairs(edges, torch.tensor([0, 1]), n_types=2)
    >>> pair_matmul(torch.ones(1, 1), pairs, torch.tensor([[[2.0]], [[3.0]]])).tolist()
    [[2.0], [3.0]]
    """
    if not isinstance(x, SparseMatrix):
        multiply: Any = _PairProduct.apply  # untyped
        product: Tensor = multiply(x, weight, pairs)
        return product
    parts = [weight.new_empty(0, weight.shape[2])]
    for number, (low, high) in enumerate(pairs.ranges):
        if high > low:
            every = sparse_matmul(x, weight[number])
            parts.append(every.index_select(0, pairs.senders[low:high]))
    return torch.cat(parts)


class _PairProduct(torch.autograd.Function):
    """Products by type, which keep no copies of rows for the backward pass."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, pairs: RelationPairs) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.pairs = pairs
        out = x.new_empty(pairs.senders.shape[0], weight.shape[2])
        for number, (low, high) in enumerate(pairs.ranges):
            if high > low:
                rows = x.index_select(0, pairs.senders[low:high])
                torch.mm(rows, weight[number], out=out[low:high])
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, None]:
        (x, weight), pairs = ctx.saved_tensors, ctx.pairs
        needs_x = ctx.needs_input_grad[0]
        dx = torch.zeros_like(x) if needs_x else None
        dweight = torch.zeros_like(weight)
        for number, (low, high) in enumerate(pairs.ranges):
            if high == low:
                continue
            senders = pairs.senders[low:high]
            dout = grad[low:high]
            dweight[number] = x.index_select(0, senders).t() @ dout
            if dx is not None:
                dx.index_add_(0, senders, dout @ weight[number].t())
        return dx, dweight, None
