"""Agreements of the processes that share fits; nothing happens outside of these."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from skattn._training._batch_source import BatchSource
from skattn._training._facts import fact, facts_of_parameters
from skattn._training._graph_batches import GraphBatches
from skattn._training._processes import Place, Processes
from skattn._training._shared_fits import current_processes, shared_work
from skattn._training._tree_sum import even_ranges
from skattn.nn._chunks import dealt_chunks
from skattn.ops import GraphStructure


def agreed_seed(estimator: Any, seed: int) -> int:
    """Return the seed of process 0.

    Raises
    ------
    ValueError
        If an estimator of another process has another class or other parameters.
    """
    processes = current_processes()
    if processes is None or not processes.is_working:
        return seed
    return processes.compare(Place.FIT, facts_of_parameters(estimator), seed)


def check_same_fit(**values: Any) -> None:
    """Raise ValueError if values, by name, differ between processes."""
    processes = current_processes()
    if processes is None or not processes.is_working:
        return
    facts = {name.replace("_", " "): fact(value) for name, value in values.items()}
    processes.compare(Place.DATA, facts)


def confirm_end() -> None:
    """Wait until all processes have ended a fit; raise an error if one failed."""
    processes = current_processes()
    if processes is not None and processes.is_working:
        processes.meet(Place.END)


def take_first_weights(module: nn.Module) -> None:
    """Set the weights to those of process 0, which unlike machines may not share."""
    processes = current_processes()
    if processes is None or not processes.is_working:
        return
    tensors = list(module.state_dict().values())  # integers, too
    own = torch.cat([tensor.reshape(-1).cpu().double() for tensor in tensors])
    first = processes.weights_of_first(own)
    if processes.rank > 0:
        parts = first.split([tensor.numel() for tensor in tensors])
        for tensor, found in zip(tensors, parts, strict=True):
            tensor.copy_(found.view_as(tensor))


@dataclass(frozen=True, eq=False)
class Ranges:
    """Division of the chunks of a graph among processes, a `skattn.nn._chunks.Dealer`.

    They compute ranges of receivers of each layer, and exchange the rows.
    """

    processes: Processes
    """The processes."""

    def own(self, n_chunks: int) -> range:
        """Return the chunks of this process; all, if others would have none."""
        if n_chunks < self.processes.count:
            return range(n_chunks)
        return even_ranges(n_chunks, self.processes.count)[self.processes.rank]

    def gather(self, rows: Tensor, n_rows: list[int]) -> Tensor:
        """Return the rows of all processes."""
        processes = self.processes
        if len(n_rows) < processes.count:
            return rows
        parts = even_ranges(len(n_rows), processes.count)
        width = math.prod(rows.shape[1:])
        sizes = [width * sum(n_rows[part.start : part.stop]) for part in parts]
        processes.meet(Place.PREDICTION, length=sum(sizes))
        own = rows.reshape(-1).cpu()
        found = torch.cat(processes.exchange(own, sizes)).to(rows.device)
        return found.view(-1, *rows.shape[1:])


@contextmanager
def shared_ranges(structure: GraphStructure) -> Iterator[None]:
    """Divide the evaluation of one graph in chunks among the processes."""
    processes = current_processes()
    if processes is None or structure.node_ptr is not None:
        yield
        return
    with shared_work(), dealt_chunks(Ranges(processes)):
        yield


def shared_outputs(outputs: Callable[[Any], Tensor], source: BatchSource) -> Tensor:
    """Compute the outputs of batches, of graphs in a share for each process.

    `outputs` is a function of a source that returns its outputs (n_targets, n_outputs),
    on the CPU.
    """
    processes = current_processes()
    if processes is None or processes.is_working:
        return outputs(source)
    if not isinstance(source, GraphBatches):
        return outputs(source)
    shares = [source.share(rank, processes.count) for rank in range(processes.count)]
    if not all(map(len, shares)):
        return outputs(source)
    with shared_work():
        own = outputs(shares[processes.rank])
        sizes = [len(share) * own.shape[1] for share in shares]
        processes.meet(Place.PREDICTION, length=sum(sizes))
        found = processes.exchange(own.reshape(-1), sizes)
    return torch.cat(found).view(len(source), -1)
