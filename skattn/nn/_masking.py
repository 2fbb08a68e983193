"""Masks of node features."""

from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor

from skattn.ops import Edges, SparseMatrix


@dataclass(frozen=True, eq=False)
class Mask:
    """Masked nodes, and the nodes that donate features to some of them."""

    nodes: Tensor
    """(n_masked,) int64: masked nodes; those with donated features come first."""
    donors: Tensor
    """(n_replaced,) int64: donor of each of the first masked nodes."""

    def to(self, device: torch.device) -> "Mask":
        """Copy to a device."""
        return Mask(self.nodes.to(device), self.donors.to(device))

    @property
    def replaced(self) -> Tensor:
        """Masked nodes with the features of a donor: (n_replaced,)."""
        return self.nodes[: len(self.donors)]

    @property
    def hidden(self) -> Tensor:
        """Masked nodes with the mask token: (n_masked - n_replaced,)."""
        return self.nodes[len(self.donors) :]


def draw_mask(
    n_nodes: int,
    mask_fraction: float,
    replace_fraction: float,
    generator: Generator | None,
) -> Mask:
    """Draw a random mask, on the CPU, of at least one node."""
    n_masked = min(n_nodes, max(1, int(mask_fraction * n_nodes)))
    n_replaced = int(replace_fraction * n_masked) if n_nodes > 1 else 0
    nodes = torch.randperm(n_nodes, generator=generator)[:n_masked]
    steps = torch.randint(1, max(n_nodes, 2), (n_replaced,), generator=generator)
    return Mask(nodes, (nodes[:n_replaced] + steps) % max(n_nodes, 1))


def mask_features(x: Tensor | SparseMatrix, mask: Mask | None) -> Tensor | SparseMatrix:
    """Mask features, and append a column that is 1 for nodes with the mask token.

    The weights of the appended column are the mask token. Without a mask it is 0.
    """
    if isinstance(x, SparseMatrix):
        return _mask_sparse(x, mask)
    token = x.new_zeros(len(x), 1)
    if mask is not None:
        donated = x[mask.donors]
        x = x.index_fill(0, mask.hidden, 0.0).index_copy(0, mask.replaced, donated)
        token = token.index_fill(0, mask.hidden, 1.0)
    return torch.cat([x, token], 1)


def _mask_sparse(x: SparseMatrix, mask: Mask | None) -> SparseMatrix:
    n_columns = x.edges.n_senders
    if mask is None:
        return SparseMatrix(replace(x.edges, n_senders=n_columns + 1), x.values)
    starts, lengths = x.edges.indptr[:-1].clone(), x.edges.indptr.diff()
    starts[mask.replaced] = starts[mask.donors]
    lengths[mask.replaced] = lengths[mask.donors]
    starts[mask.hidden] = x.edges.n_edges  # the 1 appended to the entries
    lengths[mask.hidden] = 1
    indptr, entries = _entries(starts, lengths)
    senders = torch.cat([x.edges.senders, x.edges.senders.new_tensor([n_columns])])
    values = torch.cat([x.values, x.values.new_ones(1)])
    return SparseMatrix(Edges(indptr, senders[entries], n_columns + 1), values[entries])


def dense_rows(x: Tensor | SparseMatrix, rows: Tensor) -> Tensor:
    """Select rows of a dense or sparse matrix as a dense matrix."""
    if not isinstance(x, SparseMatrix):
        return x.index_select(0, rows)
    lengths = x.edges.indptr.diff()[rows]
    _, entries = _entries(x.edges.indptr[:-1][rows], lengths)
    numbers = torch.arange(len(rows), device=rows.device).repeat_interleave(lengths)
    out = x.values.new_zeros(len(rows), x.shape[1])
    where = (numbers, x.edges.senders[entries].long())
    return out.index_put(where, x.values[entries], accumulate=True)


def _entries(starts: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Return the indptr of concatenated rows, and the old position of every entry."""
    indptr = torch.cat([lengths.new_zeros(1), lengths.cumsum(0)])
    shifts = (starts - indptr[:-1]).repeat_interleave(lengths)
    return indptr, torch.arange(len(shifts), device=shifts.device) + shifts
