"""Graphs, peak memory, and paired timing for benchmarks.

Two programs are compared by alternating steps, each in a process of its own that stays
alive: other load of the machine affects both, and their memory is separate.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.sparse as sp

_STATUS = Path("/proc/self/status")


def heavy_tailed_graph(
    n_nodes: int = 169_000, degree: int = 14, seed: int = 0
) -> sp.csr_array:
    """Make an undirected graph with self-loops and heavy-tailed degrees."""
    rng = np.random.default_rng(seed)
    n_edges = n_nodes * degree // 2
    popularity = rng.pareto(2.0, n_nodes) + 1
    ends = (
        rng.choice(n_nodes, n_edges, p=popularity / popularity.sum()),
        rng.integers(0, n_nodes, n_edges),
    )
    half = sp.coo_array((np.ones(n_edges, np.float32), ends), (n_nodes, n_nodes))
    adjacency = sp.csr_array(half + half.T + sp.eye_array(n_nodes, dtype=np.float32))
    adjacency.sort_indices()
    return adjacency


def memory(key: str) -> float:
    """Return "VmRSS" (current memory) or "VmHWM" (peak since `reset_peak`) in MB."""
    found = re.search(key + r":\s+(\d+)", _STATUS.read_text())
    if found is None:
        raise RuntimeError(f"{_STATUS} has no {key}; memory is measured on Linux only")
    return int(found[1]) / 1024


def reset_peak() -> None:
    """Reset the peak to the current memory."""
    Path("/proc/self/clear_refs").write_text("5")


def serve(
    step: Callable[[], None],
    n_epochs: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> None:
    """Run one timed step per line of standard input, in a worker process.

    Memory in use at the call counts as inputs. The first step, which compiles and
    allocates, is neither timed nor part of the peak. Seconds are those of one epoch if
    a step has several, by `clock`: ``time.process_time`` counts those of the CPU, which
    depend less on other load.
    """
    inputs = memory("VmRSS")
    step()
    reset_peak()
    _write_line("ready")
    for _ in sys.stdin:
        start = clock()
        step()
        seconds = (clock() - start) / n_epochs
        _write_line(f"{seconds} {memory('VmHWM') - inputs}")


def _write_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Worker:
    """Worker process: ``python -m module *args``, which calls `serve`.

    It imports skattn and benchmarks from `checkout`, if given.
    """

    def __init__(
        self,
        module: str,
        *args: str,
        python: str = sys.executable,
        checkout: Path | None = None,
    ) -> None:
        path = {} if checkout is None else {"PYTHONPATH": str(checkout)}
        self._process = subprocess.Popen(
            [python, "-m", module, *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=checkout,
            env=os.environ | path,
        )
        self.peak = 0.0
        self._read_line()

    def step(self) -> float:
        """Run one step and return its seconds; `peak` is its memory in MB."""
        assert self._process.stdin is not None
        self._process.stdin.write("step\n")
        self._process.stdin.flush()
        seconds, self.peak = map(float, self._read_line().split())
        return seconds

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _read_line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(
                f"worker {self._process.args} ended early; its error is above"
            )
        return line


def compare(ours: Worker, theirs: Worker, n_pairs: int) -> tuple[list[float], ...]:
    """Time `n_pairs` alternating steps of two workers, then close both.

    Returns the seconds of ours and of theirs, and their ratios (theirs / ours).
    """
    pairs = [(ours.step(), theirs.step()) for _ in range(n_pairs)]
    for worker in (ours, theirs):
        worker.close()
    seconds = tuple(map(list, zip(*pairs, strict=True)))
    return *seconds, [slow / fast for fast, slow in pairs]


def spread(numbers: list[float], digits: int = 1) -> str:
    """Format numbers as "median [minimum-maximum]"."""
    middle = statistics.median(numbers)
    return f"{middle:.{digits}f} [{min(numbers):.{digits}f}-{max(numbers):.{digits}f}]"
