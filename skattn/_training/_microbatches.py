"""Microbatches for data-parallel threads and processes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

from skattn._batch import GraphBatch
from skattn._training._labels import Labels
from skattn._training._part_sums import PartSums
from skattn._training._threads import one_thread
from skattn.nn._norm import part_of_batch
from skattn.ops._threads import run_blocks

Result = TypeVar("Result")

MIN_GRAPHS_PER_PART = 8
"""Minimum number of graphs of a microbatch, so that all take about equally long."""


@dataclass(frozen=True, eq=False)
class Microbatches:
    """Batch of graphs or target nodes, divided into the microbatches of a step."""

    cut: Callable[[np.ndarray], GraphBatch]
    """Function from the numbers of graphs or nodes to their batch."""
    numbers: list[np.ndarray]
    """Numbers of the graphs or target nodes of each microbatch."""
    labels: Labels
    """Labels of the graphs or nodes, in the order of the microbatches."""
    seeds: list[int]
    """Seed of each microbatch's generator."""
    n_threads: int
    """Maximum number of threads."""

    def __len__(self) -> int:
        return sum(map(len, self.numbers))

    def map(
        self,
        work: Callable[[GraphBatch, Labels, torch.Generator], Result],
        parts: Sequence[int] | None = None,
        *,
        sums: PartSums | None = None,
    ) -> list[Result]:
        """Call ``work(batch, labels, generator)`` for some microbatches, in threads.

        `parts` are the numbers of the microbatches, by default all; `sums`, if given,
        those over microbatches that wait for each other: each then has a thread.
        """
        parts = range(len(self.numbers)) if parts is None else parts
        stops = np.cumsum([len(numbers) for numbers in self.numbers])
        contexts = [copy_context() for _ in parts]  # holds the backend in use
        results: list[Result | None] = [None] * len(parts)

        def run(position: int) -> None:
            k = parts[position]
            rows = slice(int(stops[k]) - len(self.numbers[k]), int(stops[k]))
            with one_thread(), _within(sums, k):
                batch = self.cut(self.numbers[k])
                generator = torch.Generator().manual_seed(self.seeds[k])
                results[position] = work(batch, self.labels.share(rows), generator)

        run_blocks(
            len(contexts),
            lambda k: contexts[k].run(run, k),
            n_threads=self.n_threads if sums is None else len(contexts),
        )
        return results  # type: ignore[return-value]  # complete, or an error was raised


@contextmanager
def _within(sums: PartSums | None, number: int) -> Iterator[None]:
    """Compute one of the microbatches that wait for each other, if they do."""
    if sums is None:
        yield
        return
    try:
        with part_of_batch(sums.part(number)):
            yield
    except BaseException as error:
        sums.fail(error)
        raise
