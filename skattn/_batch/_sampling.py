"""Neighbour sampling: subgraphs around target nodes of a large graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skattn._batch import _draw
from skattn._batch._batch import GraphBatch
from skattn._batch._device_rows import kept_copy
from skattn._batch._row_ranges import RowRanges
from skattn._batch._rows import cut_features
from skattn.ops import EdgeData, Edges, GraphStructure
from skattn.ops._threads import run_blocks

if TYPE_CHECKING:
    from skattn.graph._standardization import Standardization

_ROWS_PER_BLOCK = 1024
"""Number of receivers per parallel block."""

_NO_LIMIT = 2**62
"""Fan-out larger than any number of senders."""


class NeighborSampler:
    """Neighbour sampler: a few senders per receiver, one hop per layer.

    Sampling without replacement (Hamilton et al. 2017, algorithm 2): ``fanout[0]``
    senders of each target, ``fanout[1]`` of each of these, and so on. A node has the
    same sampled senders in all layers. Self-loops are always kept and not counted; a
    node with no more senders than the fan-out keeps all of them.

    If ``s`` of ``d`` senders are sampled, each represents ``d / s`` of them, and
    ``log(d / s)`` is added to its log weight. Numerator ``sum_j exp(score_ij) value_j``
    and denominator of the attention of one layer are then unbiased for any scores.
    Their quotient is not, nor are the outputs of further layers; the bias vanishes as
    the fan-out grows. A convolution divides by the degrees of the full graph,
    ``structure.degree``, and is unbiased over one layer.

    Parameters
    ----------
    whole : GraphBatch
        A graph on the CPU from ``collate``, not reordered: senders ascend within a row.
        It is not copied.
    fanout : sequence of int
        Number of senders sampled per node, by distance from the targets: one positive
        number per layer.
    feature_scaling : Standardization or None, default=None
        Standardisation of the sampled nodes' dense features, for features that are too
        large to be copied.

    Raises
    ------
    ValueError
        If `fanout` is invalid, or the graph has ``hops``.

    Examples
    --------
    Node 0 attends to all four others, each of which attends to itself.

    >>> import numpy as np
    >>> from skattn import Graph
    >>> from skattn._batch import NeighborSampler, collate
    >>> star = np.zeros((5, 5))
    >>> star[0, 1:] = 1
    >>> sampler = NeighborSampler(collate(Graph(star, np.eye(5))), fanout=(2,))
    >>> batch = sampler.sample(np.array([0]), seed=0)
    >>> batch.x.shape, batch.structure.reach
    (torch.Size([3, 5]), (1, 3))
    >>> batch.structure.edge_data.log_weight.exp()
    tensor([1., 2., 2.])
    """

    def __init__(
        self,
        whole: GraphBatch,
        fanout: Sequence[int],
        feature_scaling: Standardization | None = None,
    ) -> None:
        _check_fanout(fanout)
        if whole.structure.hops:
            raise ValueError(
                "neighbour sampling needs hops=(1,), got a graph with "
                f"hops={sorted(whole.structure.hops)}. Use more layers instead, or "
                "train on the whole graph."
            )
        self.whole = whole
        self.feature_scaling = feature_scaling
        self.fanout = tuple(min(int(size), _NO_LIMIT) for size in fanout)
        self._copies: dict[torch.device, Tensor | None] = {}

    @property
    def n_features(self) -> int:
        """Width of the node features."""
        return int(self.whole.x.shape[1])

    def sample(
        self,
        targets: NDArray[Any],
        seed: int,
        device: torch.device | str = "cpu",
    ) -> GraphBatch:
        """Sample the neighbourhoods of target nodes.

        Parameters
        ----------
        targets : ndarray of shape (n_targets,), int
            Target nodes; duplicates are allowed.
        seed : int
            Seed. The sampled senders of a node depend only on seed, node and fan-out,
            not on other targets or the number of threads.
        device : torch.device or str, default="cpu"
            Device of the tensors.

        Returns
        -------
        GraphBatch
            The distinct targets, then their sampled senders, and so on, as numbered by
            ``structure.reach``. The nodes of the last hop are not receivers.

        Raises
        ------
        IndexError
            If a target is out of range.
        """
        targets = np.asarray(targets, np.int64)
        self._check_targets(targets)
        nodes, positions = np.unique(targets, return_inverse=True)
        sampled, device = self._draw_hops(nodes, seed), torch.device(device)
        batch = GraphBatch(
            x=self._features_of(sampled.nodes, device),
            structure=self._structure_of(sampled),
            targets=torch.from_numpy(positions.astype(np.int64)),
        )
        return batch.to(device)

    def _draw_hops(self, nodes: NDArray[np.int64], seed: int) -> _Sampled:
        """Sample senders hop by hop, beginning with the targets."""
        reach, hops = [0, len(nodes)], []
        for size in self.fanout:
            hop = self._draw_edges(nodes[reach[-2] :], size, seed)
            nodes, numbers = self._assign_numbers(nodes, hop.entries)
            hops.append((hop, numbers))
            reach.append(len(nodes))
        return _Sampled(
            nodes=nodes,
            reach=tuple(reach[1:]),
            counts=np.concatenate([np.diff(hop.ptr) for hop, _ in hops]),
            senders=np.concatenate([numbers for _, numbers in hops]),
            entries=np.concatenate([hop.entries for hop, _ in hops]),
            log_scale=np.concatenate([hop.log_scale for hop, _ in hops]),
        )

    def _draw_edges(
        self, receivers: NDArray[np.int64], size: int, seed: int
    ) -> _HopEdges:
        indptr, senders = self._arrays
        n = len(receivers)
        ptr = np.zeros(n + 1, np.int64)

        def count(low: int, high: int) -> None:
            _draw.count(low, high, receivers, size, indptr, senders, ptr[1:])

        _run_in_blocks(n, count)
        np.cumsum(ptr, out=ptr)
        entries = np.empty(ptr[-1], np.int64)
        log_scale = np.empty(ptr[-1], np.float32)
        key = np.uint64(seed & (2**64 - 1))

        def draw(low: int, high: int) -> None:
            edges = (indptr, senders)
            _draw.draw(low, high, receivers, key, edges, ptr, entries, log_scale)

        _run_in_blocks(n, draw)
        return _HopEdges(ptr, entries, log_scale)

    def _assign_numbers(
        self, known: NDArray[np.int64], entries: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        room = len(known) + len(entries)
        nodes = np.empty(room, np.int64)
        nodes[: len(known)] = known
        table = np.full(1 << (2 * room).bit_length(), -1, np.int32)
        numbers = np.empty(len(entries), np.int32)
        senders = self._arrays[1]
        n = _draw.assign_numbers(nodes, len(known), entries, senders, table, numbers)
        return nodes[:n], numbers

    def _structure_of(self, sampled: _Sampled) -> GraphStructure:
        indptr = np.zeros(len(sampled.counts) + 1, np.int64)
        np.cumsum(sampled.counts, out=indptr[1:])
        edges = Edges(
            indptr=torch.from_numpy(indptr),
            senders=torch.from_numpy(sampled.senders),
            n_senders=len(sampled.nodes),
        )
        labels = self.whole.structure.labels
        return GraphStructure(
            edges=edges,
            labels=labels and labels.at(torch.from_numpy(sampled.nodes), edges),
            edge_data=self._edge_data_of(sampled),
            degree=self._degree_of(sampled.nodes),
            sender_counts=torch.from_numpy(self._counts_of(sampled.nodes)),
            reach=sampled.reach,
        )

    def _edge_data_of(self, sampled: _Sampled) -> EdgeData:
        entries = torch.from_numpy(sampled.entries)
        data = self.whole.structure.edge_data.map(lambda rows: rows[entries])
        log_scale = torch.from_numpy(sampled.log_scale)
        if data.log_weight is not None:
            return replace(data, log_weight=log_scale + data.log_weight)
        return replace(data, log_weight=log_scale) if sampled.log_scale.any() else data

    def _features_of(self, nodes: NDArray[np.int64], device: torch.device) -> Any:
        x, copy = self.whole.x, self._features_on(device)
        if copy is not None:
            return copy.index_select(0, torch.from_numpy(nodes).to(device))
        if isinstance(x, Tensor):
            rows = x.index_select(0, torch.from_numpy(nodes))
            if self.feature_scaling is None:
                return rows
            return torch.from_numpy(self.feature_scaling.apply(rows.numpy()))
        return cut_features(x, RowRanges.between(nodes, nodes + 1))

    def _features_on(self, device: torch.device) -> Tensor | None:
        """Return the features on a device that keeps them, or None."""
        x = self.whole.x
        if not isinstance(x, Tensor) or self.feature_scaling is not None:
            return None
        return kept_copy(self._copies, x, device)

    def _degree_of(self, nodes: NDArray[np.int64]) -> Tensor:
        if self.whole.structure.edge_data.log_weight is not None:
            return self._degree[torch.from_numpy(nodes)]
        return torch.from_numpy(self._counts_of(nodes).astype(np.float32))

    def _counts_of(self, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
        indptr, _ = self._arrays
        return indptr[nodes + 1] - indptr[nodes]

    @cached_property
    def _degree(self) -> Tensor:
        log_weight = self.whole.structure.edge_data.log_weight
        assert log_weight is not None
        indptr, weights = self._arrays[0], log_weight.numpy()
        degree = np.empty(len(indptr) - 1, np.float64)

        def sum_block(low: int, high: int) -> None:
            _draw.sum_weights(low, high, indptr, weights, degree)

        _run_in_blocks(len(degree), sum_block)
        return torch.from_numpy(degree)

    @property
    def _arrays(self) -> tuple[NDArray[np.int64], NDArray[Any]]:
        edges = self.whole.structure.edges
        return edges.indptr.numpy(), edges.senders.numpy()

    def _check_targets(self, targets: NDArray[np.int64]) -> None:
        n_nodes = self.whole.structure.edges.n_receivers
        if len(targets) and not 0 <= targets.min() <= targets.max() < n_nodes:
            raise IndexError(
                f"targets must lie between 0 and {n_nodes - 1}, got numbers from "
                f"{targets.min()} to {targets.max()}."
            )


@dataclass(frozen=True, eq=False)
class _HopEdges:
    """Sampled edges of the receivers of one hop."""

    ptr: NDArray[np.int64]
    """(n_receivers + 1,), offset of each receiver's edges."""
    entries: NDArray[np.int64]
    """(n_edges,), positions of the edges in the full graph."""
    log_scale: NDArray[np.float32]
    """(n_edges,), log of the number of senders that each edge represents."""


@dataclass(frozen=True, eq=False)
class _Sampled:
    """Sampled nodes and edges of all hops, concatenated."""

    nodes: NDArray[np.int64]
    """(n_nodes,), numbers in the full graph."""
    reach: tuple[int, ...]
    """Numbers of nodes within 0, 1, ... hops of the targets."""
    counts: NDArray[np.int64]
    """(n_receivers,), number of edges of each receiver."""
    senders: NDArray[np.int32]
    """(n_edges,), positions in `nodes`."""
    entries: NDArray[np.int64]
    """(n_edges,), positions of the edges in the full graph."""
    log_scale: NDArray[np.float32]
    """(n_edges,), log of the number of senders that each edge represents."""


def _run_in_blocks(n_rows: int, work: Callable[[int, int], None]) -> None:
    """Call work(low, high) for blocks of rows, in parallel."""
    n_blocks = max(1, n_rows // _ROWS_PER_BLOCK)
    cuts = np.linspace(0, n_rows, n_blocks + 1).astype(np.int64)
    run_blocks(n_blocks, lambda b: work(cuts[b], cuts[b + 1]))


def _check_fanout(fanout: Sequence[Any]) -> None:
    if not is_fanout(list(fanout)):
        raise ValueError(
            "fanout must hold one positive integer per layer, the number of senders "
            f"to sample, such as (15, 10); got {fanout}."
        )


def is_fanout(sizes: Sequence[Any]) -> bool:
    """Return whether a sequence is a valid fan-out: positive integers, not empty."""
    return len(sizes) > 0 and all(
        type(size) is not bool and isinstance(size, Integral) and int(size) > 0
        for size in sizes
    )
