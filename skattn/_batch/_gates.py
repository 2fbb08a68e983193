"""Gates of candidates: a batch as a differentiable function of them.

A gate of 1 keeps a candidate, a gate of 0 removes it. The gate of an edge multiplies
its weight; the weights of added self-loops, degrees and degree features are functions
of the gated weights. The gate ``g`` of a node makes its features ``g x + (1 - g)
baseline``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skattn._batch._batch import GraphBatch
from skattn._batch._candidates import Candidates
from skattn._batch._copies import Copies, copies_without, removed_by
from skattn.graph._ragged_range import ragged_range
from skattn.graph._self_loops import MissingLoops
from skattn.graph._standardization import Standardization
from skattn.ops import SparseMatrix

ToBatch = Callable[[Copies], GraphBatch]


@dataclass(frozen=True, eq=False)
class GatedBatch:
    """Disjoint union of answers' graphs with gates of their candidates."""

    ptr: NDArray[np.int64]
    """(n_answers + 1,): answer k has the gates ``ptr[k]`` to ``ptr[k + 1]``."""
    gate: Callable[[Tensor], GraphBatch]
    """Function from gates to the batch."""

    @property
    def n_gates(self) -> int:
        """Number of gates of all answers."""
        return int(self.ptr[-1])

    def at(self, gates: Tensor) -> GraphBatch:
        """Return the batch with these gates.

        Parameters
        ----------
        gates : Tensor of shape (n_gates,)
            Numbers in [0, 1]. Outputs are differentiable with respect to them, to
            those of edges where they are positive.

        Returns
        -------
        GraphBatch
            One target per answer.

        Raises
        ------
        ValueError
            If there are not as many gates as candidates.
        """
        if gates.shape != (self.n_gates,):
            raise ValueError(
                f"gates must have one number per candidate, shape ({self.n_gates},), "
                f"got {tuple(gates.shape)}."
            )
        return self.gate(gates)


def gated_batch(
    candidates: Sequence[Candidates],
    to_batch: ToBatch,
    *,
    degree_scaling: Standardization | None,
) -> GatedBatch:
    """Collate the graphs of answers, one copy each, with a gate per candidate.

    Parameters
    ----------
    candidates : sequence of Candidates
        The candidates of each answer, of one kind for all. An answer may occur several
        times, each time with its own gates.
    to_batch : callable
        Conversion of copies to a batch.
    degree_scaling : Standardization or None
        Standardisation of features that are computed from degrees; None if features do
        not depend on the edges.

    Returns
    -------
    GatedBatch
        With the gates of the first answer, then those of the second, and so on.
    """
    ptr = np.concatenate([[0], np.cumsum([len(each) for each in candidates])])
    whole = _copies(candidates, keep=True)
    batch = to_batch(whole)
    owners = [
        np.where(each.owner < 0, -1, each.owner + first)
        for each, first in zip(candidates, ptr[:-1], strict=True)
    ]
    gate_of = np.concatenate([*owners, np.empty(0, np.int64)])
    order = None
    if batch.position_of is not None:
        order = np.argsort(batch.position_of.cpu().numpy())
    gate: Callable[[Tensor], GraphBatch]
    if candidates[0].of == "edges":
        gate = _GatedEdges.of(batch, whole, gate_of, order, degree_scaling)
        return GatedBatch(ptr, gate)
    width = candidates[0].answer.graph.X.shape[1]
    if candidates[0].of == "nodes":
        table = gate_of[:, None]
    else:
        table = _of_columns(candidates, owners)
    if order is not None:
        table = table[order]
    of_numbers = torch.from_numpy(table).to(batch.targets.device)
    if isinstance(batch.x, SparseMatrix):
        gate = _GatedEntries(batch, _of_entries(batch.x, of_numbers, width))
    else:
        masked = to_batch(_copies(candidates, keep=False)).x
        assert isinstance(masked, Tensor)
        gate = _GatedRows(batch, masked, of_numbers, width)
    return GatedBatch(ptr, gate)


def _of_columns(
    candidates: Sequence[Candidates], owners: list[NDArray[np.int64]]
) -> NDArray[np.int64]:
    """Return the gate of each column of every node, (n_nodes, n_columns)."""
    sizes = [each.answer.graph.n_nodes for each in candidates]
    return np.repeat(np.stack(owners), sizes, axis=0)


def _of_entries(x: SparseMatrix, gate_of: Tensor, width: int) -> Tensor:
    """Return the gate of each stored number, -1 for those of encodings."""
    columns = x.edges.senders.long()
    at = columns.clamp(max=gate_of.shape[1] - 1)
    found = gate_of[x.edges.receivers.long(), at]
    return found.masked_fill(columns >= width, -1)


def _copies(candidates: Sequence[Candidates], *, keep: bool) -> Copies:
    removed = [removed_by(np.full((1, len(each)), keep)) for each in candidates]
    return copies_without(candidates, removed, has_degree_features=False)


@dataclass(frozen=True, eq=False)
class _GatedRows:
    """Gates of the dense features of a batch."""

    batch: GraphBatch
    masked: Tensor
    """(n_nodes, n_columns): removed features; encodings are those of the batch."""
    gate_of: Tensor
    """(n_nodes, 1) or (n_nodes, width): gate of each number, -1 if it stays."""
    width: int
    """Number of features, which encodings follow."""

    def __call__(self, gates: Tensor) -> GraphBatch:
        x, width = self.batch.x, self.width
        assert isinstance(x, Tensor)
        weight = _with_one(gates)[self.gate_of]
        features = weight * x[:, :width] + (1 - weight) * self.masked[:, :width]
        return replace(self.batch, x=torch.cat([features, x[:, width:]], 1))


@dataclass(frozen=True, eq=False)
class _GatedEntries:
    """Gates of the sparse features of a batch, which become zeros."""

    batch: GraphBatch
    gate_of: Tensor
    """(n_entries,): gate of each stored number, -1 if it stays."""

    def __call__(self, gates: Tensor) -> GraphBatch:
        x = self.batch.x
        assert isinstance(x, SparseMatrix)
        weight = _with_one(gates)[self.gate_of.to(gates.device)]
        return replace(self.batch, x=SparseMatrix(x.edges, x.values * weight))


@dataclass(frozen=True, eq=False)
class _GatedEdges:
    """Gates of the edges of a batch."""

    batch: GraphBatch
    gate_of: Tensor
    """(n_edges,): gate of each edge, -1 for self-loops."""
    added: Tensor
    """(n_edges,) bool: whether an edge is an added self-loop."""
    scaling: Standardization | None
    """Standardisation of degree features; None for other features."""

    @classmethod
    def of(
        cls,
        batch: GraphBatch,
        copies: Copies,
        gate_of: NDArray[np.int64],
        order: NDArray[np.int64] | None,
        scaling: Standardization | None,
    ) -> _GatedEdges:
        """Insert the self-loops that the batch has, and reorder its nodes.

        `gate_of` has the gate of each edge of the copies.
        """
        adjacency = copies.collection.whole.adjacency
        loops = MissingLoops.of(adjacency)
        is_added = loops.insert(np.zeros(len(gate_of), bool), loops=True)
        gate_of = loops.insert(gate_of, -1)
        if order is not None:
            indptr = loops.widen(adjacency.indptr)
            entries = ragged_range(indptr[order], np.diff(indptr)[order])
            gate_of, is_added = gate_of[entries], is_added[entries]
        device = batch.targets.device
        of_edges = torch.from_numpy(gate_of).to(device)
        return cls(batch, of_edges, torch.from_numpy(is_added).to(device), scaling)

    def __call__(self, gates: Tensor) -> GraphBatch:
        structure = self.batch.structure
        gate = _with_one(gates)[self.gate_of]  # (n_edges,)
        log_weight = structure.edge_data.log_weight
        gated = gate.log()
        if log_weight is not None:
            loops = self._mean_weights(gate, log_weight)[structure.edges.receivers]
            gated = torch.where(self.added, loops.log(), gated + log_weight)
        data = replace(structure.edge_data, log_weight=gated)
        x = self.batch.x if self.scaling is None else self._degree_features(gate)
        counts = gate.new_zeros(structure.edges.n_receivers)
        counts = counts.index_add(0, structure.edges.receivers, gate)
        structure = replace(structure, edge_data=data, sender_counts=counts)
        return replace(self.batch, x=x, structure=structure)

    def _mean_weights(self, gate: Tensor, log_weight: Tensor) -> Tensor:
        """Return the weights of added self-loops, as `MissingLoops.weights` does."""
        edges, count = self.batch.structure.edges, self._count(gate)
        weight = count * _wide(log_weight).exp()
        means = weight.new_ones(edges.n_receivers)
        for ends in (edges.senders, edges.receivers):  # rows before columns
            number = torch.zeros_like(means).index_add(0, ends, count)
            total = torch.zeros_like(means).index_add(0, ends, weight)
            empty = number == 0
            mean = total / number.masked_fill(empty, 1.0)
            means = torch.where(empty, means, mean)
        return means.to(gate.dtype)

    def _degree_features(self, gate: Tensor) -> Tensor:
        """Return the standardised features ``[1, log(1 + degree)]``, and encodings."""
        assert self.scaling is not None
        assert isinstance(self.batch.x, Tensor)
        edges, count = self.batch.structure.edges, self._count(gate)
        degree = count.new_zeros(edges.n_receivers)
        degree = degree.index_add(0, edges.receivers, count)
        rows = torch.stack([torch.ones_like(degree), degree.log1p()], 1)
        mean = rows.new_tensor(self.scaling.mean)
        scale = rows.new_tensor(self.scaling.scale)
        encodings = self.batch.x[:, rows.shape[1] :]
        return torch.cat([((rows - mean) / scale).to(gate.dtype), encodings], 1)

    def _count(self, gate: Tensor) -> Tensor:
        """Return the gates of the edges of the graph, 0 for added self-loops."""
        return _wide(gate.masked_fill(self.added, 0.0))


def _with_one(gates: Tensor) -> Tensor:
    """Return the gates, then a 1 for numbers that stay."""
    return torch.cat([gates, gates.new_ones(1)])


def _wide(numbers: Tensor) -> Tensor:
    """Return float64 numbers, where the device has them."""
    return numbers if numbers.device.type == "mps" else numbers.double()
