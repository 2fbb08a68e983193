"""Microbatches for data-parallel threads and processes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from skattn._batch import GraphBatch
from skattn._training._labels import Labels
from skattn._training._parts import Parts

MIN_GRAPHS_PER_PART = 8
"""Minimum number of graphs of a microbatch, so that all take about equally long."""


@dataclass(frozen=True, eq=False)
class Microbatches(Parts):
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

    def make(self, k: int, generator: torch.Generator) -> tuple[GraphBatch, Labels]:
        """Make the batch and the labels of a microbatch."""
        stops = np.cumsum([len(numbers) for numbers in self.numbers])
        rows = slice(int(stops[k]) - len(self.numbers[k]), int(stops[k]))
        return self.cut(self.numbers[k]), self.labels.share(rows)
