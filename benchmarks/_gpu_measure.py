"""Sections of a run on a device, and times by its events.

A section that fails prints so, and the next one runs.
"""

from __future__ import annotations

import gc
import statistics
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

MB = 2**20


def line(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


@contextmanager
def section(name: str) -> Iterator[None]:
    """Print a failure of the block in one line, and go on."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  (one section must not end the run)
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(last.filename).name}:{last.lineno}"
        message = " ".join(str(error).split())[:300]
        line(f"{name}: FAILED {type(error).__name__}: {message} at {place}")
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


@dataclass(frozen=True)
class Device:
    """Device of a run, and sizes for it: small ones on the CPU, for a dry run."""

    name: str
    n_nodes: int

    @property
    def torch(self) -> torch.device:
        """Torch's device."""
        return torch.device(self.name)

    @property
    def is_cuda(self) -> bool:
        """Whether times are those of a CUDA device."""
        return self.name.startswith("cuda")

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Numbers of features, heads, and columns of a head."""
        return (128, 4, 64) if self.is_cuda else (8, 2, 8)

    def wait(self) -> None:
        """Wait until the device has done its work."""
        if self.is_cuda:
            torch.cuda.synchronize()

    def seconds(self, work: Callable[[], Any]) -> float:
        """Return the seconds of a call, the work of the device included."""
        self.wait()
        start = time.perf_counter()
        work()
        self.wait()
        return time.perf_counter() - start

    def time(self, step: Callable[[], Any], n_steps: int = 12) -> Time:
        """Time some steps after three that compile and allocate."""
        for _ in range(3 if self.is_cuda else 1):
            step()
        gc.collect()
        if not self.is_cuda:
            return Time([1e3 * self.seconds(step)], 0.0)
        self.wait()
        inputs = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        found = []
        for _ in range(n_steps):
            first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            first.record()
            step()
            last.record()
            last.synchronize()
            found.append(first.elapsed_time(last))
        return Time(found, (torch.cuda.max_memory_allocated() - inputs) / MB)


@dataclass(frozen=True)
class Time:
    """Milliseconds of some steps, and their peak memory beyond the inputs."""

    all: list[float]
    peak: float

    @property
    def ms(self) -> float:
        """Median of the milliseconds."""
        return statistics.median(self.all)

    def __str__(self) -> str:
        spread = f"[{min(self.all):.2f}-{max(self.all):.2f}]"
        return f"{self.ms:.2f} ms {spread}, {self.peak:.0f} MB"
