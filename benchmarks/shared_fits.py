"""Time of fits that processes share, compared with one process.

    python -m benchmarks.shared_fits --pairs 5

Graphs of the size of those of NCI1: 30 nodes, 65 edges, 37 one-hot labels; 16 epochs of
one batch of 512 graphs. Fits are timed in turns, so that other work on the machine
meets all sides: 1 process of 1 thread, 1 process of 2 threads, and 2 processes of 1
thread that share the fit. Printed are the best and the median ratio of times in the
same round, and that of the least CPU seconds of a process, which leaves out waiting.
Each process has a session of its own: Linux may divide busy cores by sessions. The
processes communicate over gloo through the loopback device. With batch normalisation,
a fit that is not shared is not divided: its last digits differ from those of shared
ones.
"""

# ruff: noqa: PLC0415  (the process that measures loads no torch)

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
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


def _serve(rank: int, count: int, store: str, threads: int, norm: str) -> None:
    """Fit for each line of the input; print its seconds."""
    import torch
    import torch.distributed as dist

    from skattn import GraphAttentionClassifier, shared_fits

    torch.set_num_threads(threads)
    if count > 1:
        file = dist.FileStore(store, count)
        dist.init_process_group("gloo", store=file, rank=rank, world_size=count)
    graphs, y = _graphs()
    model = GraphAttentionClassifier(
        max_epochs=16, batch_size=512, hidden_dim=64, norm=norm, random_state=0
    )
    with shared_fits() if count > 1 else nullcontext():
        for _ in sys.stdin:
            start, work = time.perf_counter(), time.process_time()
            model.fit(graphs, y)
            seconds, work = time.perf_counter() - start, time.process_time() - work
            print(seconds, work, model.loss_curve_, flush=True)


class _Side:
    """Processes that fit together."""

    def __init__(self, count: int, threads: int, norm: str) -> None:
        store = tempfile.mktemp()  # torch makes the file
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
        environment["GLOO_SOCKET_IFNAME"] = "lo"  # Linux
        command = [sys.executable, "-m", "benchmarks.shared_fits", "--serve"]
        self.processes = [
            subprocess.Popen(
                [*command, str(rank), str(count), store, str(threads), norm],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
                start_new_session=True,
            )
            for rank in range(count)
        ]
        self.losses: set[str] = set()
        self.time()  # compiled, connected

    def time(self) -> tuple[float, float]:
        """Return the seconds and CPU seconds of a fit, the most of a process."""
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        found = []
        for process in self.processes:
            assert process.stdout is not None
            *seconds, losses = process.stdout.readline().split(" ", 2)
            self.losses.add(losses)
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


def _compare(norm: str, n_pairs: int) -> None:
    sizes = {"1 process": (1, 1), "2 threads": (1, 2), "2 processes": (2, 1)}
    sides = {name: _Side(*size, norm) for name, size in sizes.items()}
    times = np.array([[side.time() for side in sides.values()] for _ in range(n_pairs)])
    for side in sides.values():
        side.close()
    same = sides["1 process"].losses == sides["2 processes"].losses
    print(f'norm="{norm}", the same losses, bit for bit: {same}')
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
    parser.add_argument("--serve", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        rank, count, store, threads, norm = options.serve
        _serve(int(rank), int(count), store, int(threads), norm)
    else:
        for norm in ("layer", "batch"):
            _compare(norm, options.pairs)
