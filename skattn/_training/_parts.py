"""Parts of a batch, each computed by one thread, so that results are equal in bits."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any, TypeVar

import torch

from skattn._training._part_sums import PartSums
from skattn._training._threads import one_thread
from skattn.nn._norm import part_of_batch
from skattn.ops._threads import run_blocks

Result = TypeVar("Result")


def map_parts(
    parts: Sequence[int], work: Callable[[int], Result], n_threads: int
) -> list[Result]:
    """Call ``work(k)`` for each part, in threads, each limited to itself."""
    contexts = [copy_context() for _ in parts]  # holds the backend in use
    results: list[Result | None] = [None] * len(parts)

    def run(position: int) -> None:
        with one_thread():
            results[position] = work(parts[position])

    run_blocks(len(parts), lambda k: contexts[k].run(run, k), n_threads=n_threads)
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

    def map(
        self,
        work: Callable[[Any, Any, torch.Generator], Result],
        chosen: Sequence[int] | None = None,
        *,
        sums: PartSums | None = None,
    ) -> list[Result]:
        """Call ``work(batch, labels, generator)`` for some parts, in threads.

        `chosen` are the numbers of the parts, by default all; `sums`, if given, those
        over parts that wait for each other: each then has a thread.
        """
        chosen = range(len(self.seeds)) if chosen is None else chosen

        def run(k: int) -> Result:
            generator = torch.Generator().manual_seed(self.seeds[k])
            with _within(sums, k):
                batch, labels = self.make(k, generator)
                return work(batch, labels, generator)

        return map_parts(chosen, run, self.n_threads if sums is None else len(chosen))


@contextmanager
def _within(sums: PartSums | None, number: int) -> Iterator[None]:
    """Compute one of the parts that wait for each other, if they do."""
    if sums is None:
        yield
        return
    try:
        with part_of_batch(sums.part(number)):
            yield
    except BaseException as error:
        sums.fail(error)
        raise
