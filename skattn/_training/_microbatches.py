"""Steps over many small graphs, shared among threads graph by graph."""

from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import nn

from skattn._batch import GraphBatch, GraphBlock
from skattn._training._labels import Labels
from skattn._training._threads import one_thread, width_of
from skattn.ops import run_blocks

Result = TypeVar("Result")

SHARE = 6_000_000
"""Work of a part, see `work_of`. It takes a thread 9 ms, forward and backward, of which
1 to 2 hold the interpreter's lock: for 128 graphs of 30 nodes two threads take 0.7 of
the time in two parts, and 1.0 in four; one thread 1.13 and 1.34."""
MOST = 16
"""Microbatches of a batch; more would wait for the interpreter's lock."""
GRAPHS = 8
"""Graphs of a part at least, so that parts are about equally long."""
ROWS = 4
"""Nodes of a part for each column of the widest weight at least: every part has its own
gradients, which are then small beside what it computes. 64 graphs of 20 nodes, 512
wide, in 16 parts took 1.7 times as long as in one."""


def count_parts(
    module: nn.Module, work: float, n_nodes: float, n_graphs: int, largest: int
) -> int:
    """Choose in how many parts a batch is learned from, whatever the threads.

    Parameters
    ----------
    module : nn.Module
        What is trained.
    work : float
        What `work_of` says of a batch.
    n_nodes : float
        Nodes in it.
    n_graphs : int
        Graphs in it.
    largest : int
        Nodes of the largest graph of all.

    Returns
    -------
    int
        1 where graphs are few, or one of them large: torch's threads share its
        products better. 1 also where the graphs of a batch know of each other, by
        batch normalisation.
    """
    if any(isinstance(part, nn.BatchNorm1d) for part in module.modules()):
        return 1
    per_part = ROWS * max(width_of(module), 1)
    enough = n_nodes // per_part, n_nodes // max(largest, 1)
    return int(max(min(work // SHARE, *enough, n_graphs // GRAPHS, MOST), 1))


@dataclass(frozen=True, eq=False)
class Microbatches:
    """A batch of graphs on the CPU, to be learned from part by part."""

    block: GraphBlock
    """All the graphs."""
    numbers: list[np.ndarray]
    """Which of them are in each part."""
    goal: Labels
    """One answer per graph, in the order of the parts."""
    seeds: list[int]
    """What the random numbers of each part begin with."""
    n_threads: int
    """How many threads may work at once."""

    def __len__(self) -> int:
        return sum(map(len, self.numbers))

    def each(
        self, work: Callable[[GraphBatch, Labels, torch.Generator], Result]
    ) -> list[Result]:
        """Do something with every part, by several threads.

        Parameters
        ----------
        work : callable
            Called with a part, its share of the answers and a generator, in a thread
            where torch uses no others.

        Returns
        -------
        list
            What it returned, in the order of the parts.
        """
        stops = np.cumsum([len(numbers) for numbers in self.numbers])
        contexts = [copy_context() for _ in self.numbers]  # the chosen backend
        results: list[Result | None] = [None] * len(self.numbers)

        def do(k: int) -> None:
            rows = slice(int(stops[k]) - len(self.numbers[k]), int(stops[k]))
            with one_thread():
                batch = self.block.cut(self.numbers[k])
                generator = torch.Generator().manual_seed(self.seeds[k])
                results[k] = work(batch, self.goal.share(rows), generator)

        run_blocks(
            len(contexts),
            lambda k: contexts[k].run(do, k),
            n_threads=self.n_threads,
        )
        return results  # type: ignore[return-value]  # all are there, or one has raised
