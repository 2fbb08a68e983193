"""The memory of a training step, estimated before it is taken.

The step runs on torch's meta device, whose tensors have sizes and no memory, and the
sizes of tensors that live at the same time are added up. So little here knows the parts
of a network, and nothing has to follow when its layers change.
"""

import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from skattn._batch import GraphBatch
from skattn._training._available import available_bytes
from skattn._training._batch_source import BatchSource, FullGraph, GraphBatches
from skattn._training._compat_torch import (
    TorchDispatchMode,
    storage_key,
    tree_leaves,
)
from skattn._training._labels import Labels
from skattn._training._objectives import Objective
from skattn.nn import GlobalAttention, HierarchicalReadout
from skattn.ops import Edges, GraphStructure, SparseMatrix, use_shapes_of

META = torch.device("meta")
CPU = torch.device("cpu")
"""Device of seeds, also where the caller has another default device."""
COPIES_OF_WEIGHTS = 4
"""The weights, the optimizer's two moments, and the best epoch's weights; gradients are
part of the step."""
HEAP_LIMIT = 32 << 20
"""Bytes from which a tensor gets pages of its own; smaller ones share the heap."""
HEAP_FACTOR = 1.25
"""Memory of the heap per byte of tensors on it, see "Memory of a step" in
benchmarks/README.md."""
FIRST_STEP = 20 << 20
"""Bytes that code and libraries take when they first run."""
BYTES_PER_NUMBER = 40
"""More than any step takes per row (node or edge) and column of a weight; a step that
fits by this measure is not run on the meta device, which takes longer."""


def check_memory(objective: Objective, source: BatchSource) -> None:
    """Refuse a training that cannot fit into memory, before it begins.

    Parameters
    ----------
    objective : Objective
        What is learned; its module is made here on the meta device, because the check
        comes before weights take memory.
    source : FullGraph, GraphBatches or SampledBatches
        The training data, on the device of the training. Of graphs in batches the
        largest count; batches of sampled neighbours are let through.

    Raises
    ------
    MemoryError
        If a training step needs more than the device has left. Where that is not known
        nothing is refused.
    """
    left = available_bytes(source.device)
    with CPU:
        largest = _largest_batch(source)
    if left is None or largest is None:
        return
    if _rough_bytes(_on_meta(objective, largest[0]), largest[0]) < left:
        return
    needed = estimate_step_bytes(objective, *largest, source.device)
    if needed > left:
        raise MemoryError(
            f"a training step on {_amount(source)} must fit into memory, but needs "
            f"about {needed / 1e9:.1f} GB beside the data where {source.device} has "
            f"{left / 1e9:.1f} GB left. {_remedy(source)}, or make the network smaller "
            "(hidden_dim, n_layers)."
        )


def estimate_step_bytes(
    objective: Objective,
    batch: GraphBatch,
    labels: Labels | None,
    device: torch.device | None = None,
) -> int:
    """Estimate the peak memory of a training step beyond its inputs.

    Parameters
    ----------
    objective : Objective
        What is learned.
    batch : GraphBatch
        The batch of the step, on any device; only sizes count.
    labels : Labels or None
        Its labels, if the objective has any.
    device : torch.device, optional
        Device of the step; the batch's if not given.

    Returns
    -------
    int
        Bytes: weights, optimizer, tensors kept for the backward pass and those that
        both passes make for a moment.
    """
    device = batch.targets.device if device is None else device
    network = _on_meta(objective, batch)
    targets = batch.targets.cpu()  # whether these are all nodes is looked up
    batch = replace(batch.to(META), targets=targets)
    labels = None if labels is None else labels.to(META)
    weights = list(network.parameters())
    live = LiveBytes(rows_of=batch.x)
    live.ignore([*_tensors_of(batch, labels), *weights])
    modes = (CPU, use_shapes_of(device), _stand_ins(network), FusedAttention(), live)
    with ExitStack() as stack:
        for mode in modes:
            stack.enter_context(mode)
        loss, _ = objective.loss(network, batch, labels, torch.Generator())
        loss.backward()
    step = live.peak + COPIES_OF_WEIGHTS * sum(weight.nbytes for weight in weights)
    return FIRST_STEP + int(step)


def _on_meta(objective: Objective, batch: GraphBatch) -> nn.Module:
    with META:
        return objective.module(int(batch.x.shape[1]))


class LiveBytes(TorchDispatchMode):
    """Memory of all tensors that are made inside and still alive.

    Parameters
    ----------
    rows_of : Tensor or SparseMatrix
        The node features. Repetitions whose number depends on data are estimated by
        the stored entries per row.
    """

    def __init__(self, rows_of: Tensor | SparseMatrix) -> None:
        super().__init__()
        self.now = self.peak = 0.0
        self._sizes: dict[int, float] = {}
        self._per_row = 1.0
        if isinstance(rows_of, SparseMatrix):
            self._per_row = rows_of.edges.n_edges / max(len(rows_of), 1)

    def ignore(self, tensors: Iterable[Tensor]) -> None:
        """Do not count these tensors."""
        for tensor in tensors:
            self._watch(tensor.untyped_storage(), 0.0)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Call an operation and count the tensors that it makes."""
        kwargs = dict(kwargs or {})
        if func is torch.ops.aten.repeat_interleave.Tensor:
            kwargs.setdefault("output_size", round(len(args[0]) * self._per_row))
        made = func(*args, **kwargs)
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor):
                storage = tensor.untyped_storage()
                self._watch(storage, _cost(storage.nbytes()))
        return made

    def _watch(self, storage: torch.UntypedStorage, n_bytes: float) -> None:
        key = storage_key(storage)
        if key in self._sizes:
            return
        self._sizes[key] = n_bytes
        self.now += n_bytes
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._forget, key)

    def _forget(self, key: int) -> None:
        self.now -= self._sizes.pop(key)


class FusedAttention(TorchFunctionMode):
    """Full attention as devices compute it: without the weights of all pairs."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        """Replace torch's full attention, which would make them on the meta device."""
        if func is nn.functional.scaled_dot_product_attention:
            return _FusedAttention.apply(*args[:3])
        return func(*args, **(kwargs or {}))


class _FusedAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *qkv: Tensor) -> Tensor:
        out, log_sum = torch.empty_like(qkv[0]), qkv[0].new_empty(qkv[0].shape[:-1])
        ctx.save_for_backward(out, log_sum, *qkv)
        return out

    @staticmethod
    def backward(ctx: Any, _dout: Tensor) -> Any:
        return tuple(torch.empty_like(tensor) for tensor in ctx.saved_tensors[2:])


# ---- modules whose sizes depend on data --------------------------------------------

PADDING = 1.4
"""Rows of graphs that are padded to about the next power of two, per row."""


def _attend_in_graphs(
    module: GlobalAttention, x: Tensor | SparseMatrix, structure: GraphStructure
) -> Tensor:
    """Stand in for attention within each of many graphs, which are padded."""
    if structure.n_graphs > 1 and isinstance(x, Tensor):
        x = x[torch.empty(int(PADDING * len(x)), dtype=torch.int64, device=x.device)]
    out = type(module).forward(module, x, Edges(*_no_edges(x), len(x)))
    return out if structure.n_graphs == 1 else out[structure.edges.indptr[:-1]]


def _no_edges(x: Tensor | SparseMatrix) -> tuple[Tensor, Tensor]:
    places = torch.empty(len(x) + 1, dtype=torch.int64, device="meta")
    return places, places[:0]


def _read_ever_fewer(
    module: HierarchicalReadout,
    x: Tensor,
    structure: GraphStructure,
    *,
    generator: torch.Generator | None = None,  # noqa: ARG001 - called as readouts are
) -> Tensor:
    """Stand in for a readout of all nodes, of half of them, of a quarter, ..."""
    outs = []
    for level in module.levels:
        mean_and_max = torch.cat([x.mean(0), x.amax(0)]).expand(structure.n_graphs, -1)
        outs.append(level(mean_and_max))
        half = torch.arange(-(-len(x) // 2), device=x.device)
        x = x[half] * x.mean(1, keepdim=True)[half].tanh()
    return torch.stack(outs).sum(0)


STAND_INS: dict[type[nn.Module], Callable] = {
    GlobalAttention: _attend_in_graphs,
    HierarchicalReadout: _read_ever_fewer,
}


@contextmanager
def _stand_ins(network: nn.Module) -> Iterator[None]:
    """Replace modules that depend on data by stand-ins."""
    replaced = [module for module in network.modules() if type(module) in STAND_INS]
    for module in replaced:
        module.forward = partial(STAND_INS[type(module)], module)
    try:
        yield
    finally:
        for module in replaced:
            del module.forward


# ---- batches -----------------------------------------------------------------------


def _largest_batch(source: BatchSource) -> tuple[GraphBatch, Labels | None] | None:
    """Return the batch with the most edges; None where every batch is drawn."""
    if isinstance(source, FullGraph):
        return source.batch, source.labels
    if not isinstance(source, GraphBatches):
        return None
    structure = source.block.whole.structure
    assert structure.node_ptr is not None
    n_edges = structure.edges.indptr[structure.node_ptr].diff().numpy()
    largest = np.argsort(n_edges[source.numbers])[-source.batch_size :]
    labels = None if source.labels is None else source.labels[largest]
    return source.block.cut(source.numbers[largest]), labels


def _rough_bytes(network: nn.Module, batch: GraphBatch) -> int:
    """Return more bytes than a step takes."""
    structure = batch.structure
    neighbourhoods = (structure.edges, *structure.hops.values())
    n_rows = len(batch.x) + sum(edges.n_edges for edges in neighbourhoods)
    weights = [weight.shape for weight in network.parameters() if weight.dim() > 1]
    n_columns = sum(shape[-2] + shape[-1] for shape in weights)
    return FIRST_STEP + BYTES_PER_NUMBER * n_rows * n_columns


def _cost(n_bytes: int) -> float:
    return n_bytes if n_bytes >= HEAP_LIMIT else HEAP_FACTOR * n_bytes


def _tensors_of(batch: GraphBatch, labels: Labels | None) -> Iterator[Tensor]:
    x, structure = batch.x, batch.structure
    if labels is not None:
        yield from (labels.y, labels.weight)
    yield batch.targets
    for edges in (structure.edges, *structure.hops.values()):
        yield from (edges.indptr, edges.senders)
    if isinstance(x, SparseMatrix):
        yield from (x.values, x.edges.indptr, x.edges.senders)
    else:
        yield x
    yield from structure.edge_data.tensors
    if structure.node_ptr is not None:
        yield structure.node_ptr


def _amount(source: BatchSource) -> str:
    if isinstance(source, GraphBatches):
        return f"{min(source.batch_size, len(source.numbers))} graphs"
    return "the whole graph"


def _remedy(source: BatchSource) -> str:
    if isinstance(source, GraphBatches):
        return "Set batch_size to fewer graphs"
    return (
        "Train on batches of targets and sampled neighbours (fanout=..., the number of "
        "senders in each layer, and batch_size=512)"
    )
