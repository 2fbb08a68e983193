"""Microbatches of small graphs for data-parallel threads."""

from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

from skattn._batch import GraphBatch, GraphBlock
from skattn._training._labels import Labels
from skattn._training._threads import one_thread
from skattn.ops._threads import run_blocks

Result = TypeVar("Result")

MIN_GRAPHS_PER_PART = 8
"""Graphs of a microbatch, so that all are about equally long."""


@dataclass(frozen=True, eq=False)
class Microbatches:
    """A batch of graphs on the CPU, divided into microbatches of one training step."""

    block: GraphBlock
    """All the graphs."""
    numbers: list[np.ndarray]
    """The graphs of each microbatch."""
    labels: Labels
    """One per graph, in the order of the microbatches."""
    seeds: list[int]
    """Seed of each microbatch's generator."""
    n_threads: int
    """Maximum number of threads."""

    def __len__(self) -> int:
        return sum(map(len, self.numbers))

    def map(
        self, work: Callable[[GraphBatch, Labels, torch.Generator], Result]
    ) -> list[Result]:
        """Call a function with each microbatch, in several threads.

        Parameters
        ----------
        work : callable
            Called with a batch, its share of the labels and a generator, in a thread
            where torch uses no others.

        Returns
        -------
        list
            Its results, in the order of the microbatches.
        """
        stops = np.cumsum([len(numbers) for numbers in self.numbers])
        contexts = [copy_context() for _ in self.numbers]  # the chosen backend
        results: list[Result | None] = [None] * len(self.numbers)

        def do(k: int) -> None:
            rows = slice(int(stops[k]) - len(self.numbers[k]), int(stops[k]))
            with one_thread():
                batch = self.block.cut(self.numbers[k])
                generator = torch.Generator().manual_seed(self.seeds[k])
                results[k] = work(batch, self.labels.share(rows), generator)

        run_blocks(
            len(contexts),
            lambda k: contexts[k].run(do, k),
            n_threads=self.n_threads,
        )
        return results  # type: ignore[return-value]  # all are there, or one has raised
