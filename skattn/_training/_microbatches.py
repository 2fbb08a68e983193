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
"""Minimum number of graphs of a microbatch, so that all take about equally long."""


@dataclass(frozen=True, eq=False)
class Microbatches:
    """Batch of graphs on the CPU, divided into the microbatches of a training step."""

    block: GraphBlock
    """All graphs."""
    numbers: list[np.ndarray]
    """Graph numbers of each microbatch."""
    labels: Labels
    """Labels of the graphs, in the order of the microbatches."""
    seeds: list[int]
    """Seed of each microbatch's generator."""
    n_threads: int
    """Maximum number of threads."""

    def __len__(self) -> int:
        return sum(map(len, self.numbers))

    def map(
        self, work: Callable[[GraphBatch, Labels, torch.Generator], Result]
    ) -> list[Result]:
        """Call ``work(batch, labels, generator)`` for each microbatch, in threads."""
        stops = np.cumsum([len(numbers) for numbers in self.numbers])
        contexts = [copy_context() for _ in self.numbers]  # holds the backend in use
        results: list[Result | None] = [None] * len(self.numbers)

        def run(k: int) -> None:
            rows = slice(int(stops[k]) - len(self.numbers[k]), int(stops[k]))
            with one_thread():
                batch = self.block.cut(self.numbers[k])
                generator = torch.Generator().manual_seed(self.seeds[k])
                results[k] = work(batch, self.labels.share(rows), generator)

        run_blocks(
            len(contexts),
            lambda k: contexts[k].run(run, k),
            n_threads=self.n_threads,
        )
        return results  # type: ignore[return-value]  # complete, or an error was raised
