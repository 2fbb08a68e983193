"""Graphs to measure on, peak memory, and pairs of steps that share one machine fairly.

Two programs are compared by steps in turn, each in a process of its own that lives on
between its steps: what else the machine does meets both, and one's memory is not the
other's.
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
    """Return an undirected graph with self-loops and a few very large degrees."""
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
    """Return this process' "VmRSS" (now) or "VmHWM" (peak since `reset_peak`) in MB."""
    found = re.search(key + r":\s+(\d+)", _STATUS.read_text())
    if found is None:
        raise RuntimeError(f"{_STATUS} has no {key}; memory is measured on Linux only")
    return int(found[1]) / 1024


def reset_peak() -> None:
    """Let the peak start again from what is in use."""
    Path("/proc/self/clear_refs").write_text("5")


def serve(step: Callable[[], None], n_epochs: int = 1) -> None:
    """Answer every line on standard input by one timed step, in a worker process.

    What is in use when this is called counts as inputs. The first step, which compiles
    and asks the system for memory, is neither timed nor part of the peak. A step of
    several epochs is answered by the seconds of one, so that checkouts can be compared.
    """
    inputs = memory("VmRSS")
    step()
    reset_peak()
    _say("ready")
    for _ in sys.stdin:
        start = time.perf_counter()
        step()
        seconds = (time.perf_counter() - start) / n_epochs
        _say(f"{seconds} {memory('VmHWM') - inputs}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Worker:
    """A process that runs ``python -m module *args`` and calls `serve`.

    What it imports of ours comes from `checkout`, if that is given.
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
        self._answer()

    def step(self) -> float:
        """Return the seconds of one step; `peak` is its memory in MB."""
        assert self._process.stdin is not None
        self._process.stdin.write("step\n")
        self._process.stdin.flush()
        seconds, self.peak = map(float, self._answer().split())
        return seconds

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(
                f"worker {self._process.args} ended before it answered; what it "
                "complained of is above"
            )
        return line


def compare(ours: Worker, theirs: Worker, n_pairs: int) -> tuple[list[float], ...]:
    """Time `n_pairs` steps of each in turn, and end both.

    Returns the seconds of ours and of theirs, and how many times faster ours were.
    """
    pairs = [(ours.step(), theirs.step()) for _ in range(n_pairs)]
    for worker in (ours, theirs):
        worker.close()
    seconds = tuple(map(list, zip(*pairs, strict=True)))
    return *seconds, [slow / fast for fast, slow in pairs]


def spread(numbers: list[float], digits: int = 1) -> str:
    """Write the median of some numbers and, in brackets, the least and the most."""
    middle = statistics.median(numbers)
    return f"{middle:.{digits}f} [{min(numbers):.{digits}f}-{max(numbers):.{digits}f}]"
