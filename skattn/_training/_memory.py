"""Peak memory of a training step, estimated before it is allocated.

The step runs on torch's meta device, whose tensors have sizes but no memory; the sizes
of simultaneously live tensors are added up. New layers of a network need no changes
here.
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
"""Device of generators, whatever torch's default device."""
COPIES_OF_WEIGHTS = 4
"""Weights, two moments of the optimizer, weights of the best epoch; gradients are
counted in the step."""
FIRST_STEP = 20 << 20
"""Bytes of code and libraries that the first step loads."""
BYTES_PER_NUMBER = 40
"""Upper bound per row (node or edge) and column of a weight: if a step fits by this
bound, the slower estimate on the meta device is skipped."""


def check_memory(objective: Objective, source: BatchSource) -> None:
    """Raise MemoryError if a step on the largest batch does not fit into memory.

    Nothing is raised if the available memory or the largest batch is unknown, as with
    neighbour sampling. Weights need not be allocated yet.
    """
    available = available_bytes(source.device)
    with CPU:
        largest = source.largest_batch()
    if available is None or largest is None:
        return
    if _bound_step_bytes(_meta_module(objective, largest[0]), largest[0]) < available:
        return
    needed = estimate_step_bytes(objective, *largest, source.device)
    if needed > available:
        raise MemoryError(
            f"a training step on {source.batch_content} must fit into memory, but "
            f"needs about {needed / 1e9:.1f} GB beside the data; {source.device} "
            f"has {available / 1e9:.1f} GB available. {source.remedy}, or decrease "
            "hidden_dim or n_layers."
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
        Its labels, if the objective needs any.
    device : torch.device, optional
        Device of the step; by default that of the batch.

    Returns
    -------
    int
        Bytes of weights, optimizer, and the tensors of forward and backward pass.
    """
    device = batch.targets.device if device is None else device
    network = _meta_module(objective, batch)
    targets = batch.targets.cpu()  # their values are compared
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
        return objective.module(int(batch.x.shape[1])).to(torch.float32)


def _bound_step_bytes(network: nn.Module, batch: GraphBatch) -> int:
    """Return an upper bound of the bytes of a step, from the shapes of weights."""
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
    if structure.descriptors is not None:
        yield structure.descriptors
    if structure.labels is not None:
        yield from structure.labels.tensors
