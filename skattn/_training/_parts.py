"""Parts of a batch, each computed by one thread, so that results are equal in bits."""

from collections.abc import Callable
from contextvars import copy_context
from typing import Any, TypeVar

import torch

from skattn._training._threads import one_thread
from skattn.ops._threads import run_blocks

Result = TypeVar("Result")


def map_parts(
    n_parts: int, work: Callable[[int], Result], n_threads: int
) -> list[Result]:
    """Call ``work(k)`` for each part, in threads, each limited to itself."""
    contexts = [copy_context() for _ in range(n_parts)]  # holds the backend in use
    results: list[Result | None] = [None] * n_parts

    def run(k: int) -> None:
        with one_thread():
            results[k] = work(k)

    run_blocks(n_parts, lambda k: contexts[k].run(run, k), n_threads=n_threads)
    return results  # type: ignore[return-value]  # complete, or an error was raised


class Parts:
    """Batch of a training step, divided into parts with their own generators."""

    seeds: list[int]
    """Seed of each part's generator."""
    n_threads: int
    """Maximum number of threads."""

    def make(self, k: int, generator: torch.Generator) -> tuple[Any, Any]:
        """Make the batch and the labels of a part."""
        raise NotImplementedError

    def map(self, work: Callable[[Any, Any, torch.Generator], Result]) -> list[Result]:
        """Call ``work(batch, labels, generator)`` for each part, in threads."""

        def run(k: int) -> Result:
            generator = torch.Generator().manual_seed(self.seeds[k])
            batch, labels = self.make(k, generator)
            return work(batch, labels, generator)

        return map_parts(len(self.seeds), run, self.n_threads)
