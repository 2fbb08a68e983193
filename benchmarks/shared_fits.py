"""Time of fits and predictions that processes share, compared with one process.

    python -m benchmarks.shared_fits --pairs 5
    python -m benchmarks.shared_fits --pairs 5 --what predict

Graphs of the size of those of NCI1: 30 nodes, 65 edges, 37 one-hot labels; 16 epochs of
one batch of 512 graphs. "predict" is the prediction for all nodes of one graph of
60 000 nodes and 1.3 million edges, by ranges of receivers. Steps are timed in turns, so
that other work on the machine meets all sides: 1 process of 1 thread, 1 process of 2
threads, and 2 processes of 1 thread that share the step. Printed are the best and the
median ratio of times in the same round, and that of the least CPU seconds of a process,
which leaves out waiting. Each process has a session of its own: Linux may divide busy
cores by sessions. The processes communicate over gloo through the loopback device. With
batch normalisation, a fit that is not shared is not divided: its last digits differ
from those of shared ones.
"""

# ruff: noqa: PLC0415  (the process that measures loads no torch)

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext

import numpy as np
import scipy.sparse as sp

_N_GRAPHS, _N_NODES, _N_PAIRS, _N_LABELS = 512, 30, 32, 37


def _graphs():
    from skattn import Graph

    rng = np.random.default_rng(0)
    graphs = []
    for _ in range(_N_GRAPHS):
        pairs = rng.choice(_N_NODES * (_N_NODES - 1) // 2, _N_PAIRS, replace=False)
        high, low = (numbers[pairs] for numbers in np.tril_indices(_N_NODES, -1))
        shape = (_N_NODES, _N_NODES)
        half = sp.coo_array((np.ones(_N_PAIRS, np.float32), (high, low)), shape)
        X = np.eye(_N_LABELS, dtype=np.float32)[rng.integers(0, _N_LABELS, _N_NODES)]
        graphs.append(Graph(sp.csr_array(half + half.T), X))
    return graphs, rng.integers(0, 2, _N_GRAPHS)


def _fit(norm: str) -> Callable[[], str]:
    """Return a function that fits graphs, and returns its losses."""
    from skattn import GraphAttentionClassifier

    graphs, y = _graphs()
    model = GraphAttentionClassifier(
        max_epochs=16, batch_size=512, hidden_dim=64, norm=norm, random_state=0
    )
    return lambda: str(model.fit(graphs, y).loss_curve_)


def _predict() -> Callable[[], str]:
    """Return a function that predicts for one graph, and returns a digest."""
    from skattn import Graph, GraphAttentionClassifier

    rng = np.random.default_rng(0)
    n, degree = 60_000, 20
    ends = np.repeat(np.arange(n), degree), rng.integers(0, n, n * degree)
    ones = np.ones(n * degree, np.float32)
    graph = Graph(
        sp.csr_array((ones, ends), (n, n)),
        rng.standard_normal((n, 64), dtype=np.float32),
    )
    model = GraphAttentionClassifier(
        max_epochs=1, hidden_dim=64, early_stopping=False, random_state=0
    )
    model.fit(graph[:100], np.arange(100) % 2)
    return lambda: hashlib.sha256(model.predict_proba(graph).tobytes()).hexdigest()


def _serve(rank: int, count: int, store: str, threads: int, what: str) -> None:
    """Run a step for each line of the input; print its seconds."""
    import torch
    import torch.distributed as dist

    from skattn import shared_fits

    torch.set_num_threads(threads)
    if count > 1:
        file = dist.FileStore(store, count)
        dist.init_process_group("gloo", store=file, rank=rank, world_size=count)
    step = _predict() if what == "predict" else _fit(what)
    with shared_fits() if count > 1 else nullcontext():
        for _ in sys.stdin:
            start, work = time.perf_counter(), time.process_time()
            found = step()
            seconds, work = time.perf_counter() - start, time.process_time() - work
            print(seconds, work, found, flush=True)


class _Side:
    """Processes that work together."""

    def __init__(self, count: int, threads: int, what: str) -> None:
        store = tempfile.mktemp()  # torch makes the file
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
        environment["GLOO_SOCKET_IFNAME"] = "lo"  # Linux
        command = [sys.executable, "-m", "benchmarks.shared_fits", "--serve"]
        self.processes = [
            subprocess.Popen(
                [*command, str(rank), str(count), store, str(threads), what],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
                start_new_session=True,
            )
            for rank in range(count)
        ]
        self.results: set[str] = set()
        self.time()  # compiled, connected

    def time(self) -> tuple[float, float]:
        """Return the seconds and CPU seconds of a step, the most of a process."""
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        found = []
        for process in self.processes:
            assert process.stdout is not None
            *seconds, result = process.stdout.readline().split(" ", 2)
            self.results.add(result)
            found.append([float(number) for number in seconds])
        longest, busiest = np.max(found, axis=0)
        return longest, busiest

    def close(self) -> None:
        """End the processes."""
        for process in self.processes:  # all leave shared_fits together
            assert process.stdin is not None
            process.stdin.close()
        for process in self.processes:
            process.wait()


def _compare(what: str, n_pairs: int) -> None:
    sizes = {"1 process": (1, 1), "2 threads": (1, 2), "2 processes": (2, 1)}
    sides = {name: _Side(*size, what) for name, size in sizes.items()}
    times = np.array([[side.time() for side in sides.values()] for _ in range(n_pairs)])
    for side in sides.values():
        side.close()
    same = sides["1 process"].results == sides["2 processes"].results
    print(f"{what}: the same losses or predictions, bit for bit: {same}")
    for k, name in enumerate(sides):
        seconds, work = times[:, k].T
        ratios = times[:, 0, 0] / seconds
        of_work = times[:, 0, 1].min() / work.min()
        print(
            f"  {name:12} best {seconds.min():6.2f} s; 1 process takes at best "
            f"{ratios.max():4.2f}x, median {np.median(ratios):4.2f}x as long; CPU "
            f"{of_work:4.2f}x",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5, help="number of rounds")
    parser.add_argument(
        "--what",
        nargs="+",
        default=["layer", "batch"],
        choices=["layer", "batch", "predict"],
        help="normalisation of the fits; or a prediction",
    )
    parser.add_argument("--serve", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        rank, count, store, threads, what = options.serve
        _serve(int(rank), int(count), store, int(threads), what)
    else:
        for what in options.what:
            _compare(what, options.pairs)
