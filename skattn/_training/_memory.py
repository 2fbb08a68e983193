"""Peak memory of a training step, estimated before it is allocated.

The step runs on torch's meta device, whose tensors have sizes and no memory, and the
sizes of tensors that live at the same time are added up. So little here knows the parts
of a network, and nothing has to follow when its layers change.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import torch
from torch import Tensor, nn

from skattn._batch import GraphBatch
from skattn._training._available import available_bytes
from skattn._training._batch_source import BatchSource
from skattn._training._labels import Labels
from skattn._training._live_bytes import LiveBytes
from skattn._training._objectives import Objective
from skattn._training._stand_ins import FusedAttention, stand_ins
from skattn.ops import SparseMatrix
from skattn.ops._backends import use_shapes_of

META = torch.device("meta")
CPU = torch.device("cpu")
"""Device of seeds, also where the caller has another default device."""
COPIES_OF_WEIGHTS = 4
"""The weights, the optimizer's two moments, and the best epoch's weights; gradients are
part of the step."""
FIRST_STEP = 20 << 20
"""Bytes of code and libraries that are loaded by the first step."""
BYTES_PER_NUMBER = 40
"""More than any step takes per row (node or edge) and column of a weight; a step that
fits by this measure is not run on the meta device, which takes longer."""


def check_memory(objective: Objective, source: BatchSource) -> None:
    """Raise MemoryError for a training that cannot fit into memory.

    Parameters
    ----------
    objective : Objective
        The training objective; its module is made here on the meta device, because the
        check precedes the allocation of weights.
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
        largest = source.largest_batch()
    if left is None or largest is None:
        return
    if _bound_step_bytes(_meta_module(objective, largest[0]), largest[0]) < left:
        return
    needed = estimate_step_bytes(objective, *largest, source.device)
    if needed > left:
        raise MemoryError(
            f"a training step on {source.batch_content} must fit into memory, but "
            f"needs about {needed / 1e9:.1f} GB beside the data where {source.device} "
            f"has {left / 1e9:.1f} GB left. {source.remedy}, or make the network "
            "smaller (hidden_dim, n_layers)."
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
        The training objective.
    batch : GraphBatch
        The batch of the step, on any device; only its sizes are used.
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
    network = _meta_module(objective, batch)
    targets = batch.targets.cpu()  # whether these are all nodes is looked up
    batch = replace(batch.to(META), targets=targets)
    labels = None if labels is None else labels.to(META)
    weights = list(network.parameters())
    live = LiveBytes(rows_of=batch.x)
    live.ignore([*_tensors_of(batch, labels), *weights])
    modes = (CPU, use_shapes_of(device), stand_ins(network), FusedAttention(), live)
    with ExitStack() as stack:
        for mode in modes:
            stack.enter_context(mode)
        loss, _ = objective.loss(network, batch, labels, torch.Generator())
        loss.backward()
    step = live.peak + COPIES_OF_WEIGHTS * sum(weight.nbytes for weight in weights)
    return FIRST_STEP + int(step)


def _meta_module(objective: Objective, batch: GraphBatch) -> nn.Module:
    with META:
        return objective.module(int(batch.x.shape[1]))


def _bound_step_bytes(network: nn.Module, batch: GraphBatch) -> int:
    """Return an upper bound of the bytes of a step."""
    structure = batch.structure
    neighbourhoods = (structure.edges, *structure.hops.values())
    n_rows = len(batch.x) + sum(edges.n_edges for edges in neighbourhoods)
    weights = [weight.shape for weight in network.parameters() if weight.dim() > 1]
    n_columns = sum(shape[-2] + shape[-1] for shape in weights)
    return FIRST_STEP + BYTES_PER_NUMBER * n_rows * n_columns


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
