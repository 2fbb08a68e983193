"""Compare the speed of two checkouts of this repository.

    python -m benchmarks.compare OLD NEW --pairs 5

Alternates steps of the layer, Cora, graphs and iris benchmarks of both checkouts, each
in a process of its own, and prints the speedup of the new one. Benchmarks that a
checkout lacks are reported and skipped.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import torch

from benchmarks._data import FOLDER
from benchmarks._measure import Worker, compare, spread

_ROWS = {
    "layer-gat": ("layer", "--scores", "gat"),
    "layer-gatv2": ("layer", "--scores", "gatv2"),
    "layer-dot": ("layer", "--scores", "dot"),
    "cora": ("epoch", "--what", "cora"),
    "graphs": ("graphs",),
    "iris": ("epoch", "--what", "iris"),
}
"""File of each benchmark, and its arguments."""


def _row(name: str, checkouts: list[Path], n_pairs: int, n_threads: int) -> str:
    benchmark, *arguments = _ROWS[name]
    file = f"benchmarks/{benchmark}.py"
    lacking = [str(path) for path in checkouts if not (path / file).exists()]
    if lacking:
        return f"| {name} | {' and '.join(lacking)} has no {file} | | |"
    options = (*arguments, "--side", "ours", "--threads", str(n_threads))
    workers = []
    for path in checkouts:
        try:
            module = f"benchmarks.{benchmark}"
            workers.append(Worker(module, *options, checkout=path))
        except RuntimeError:  # the worker has printed the error
            return f"| {name} | fails in {path} | | |"
    new, old, ratios = compare(*reversed(workers), n_pairs)
    return f"| {name} | {spread(old, 3)} | {spread(new, 3)} | {spread(ratios, 2)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path, help="checkout to compare with")
    parser.add_argument("new", type=Path, help="checkout to measure")
    parser.add_argument(
        "--pairs", type=int, default=5, help="number of alternating steps"
    )
    parser.add_argument("--what", nargs="+", default=list(_ROWS), choices=list(_ROWS))
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    checkouts = [path.resolve() for path in (options.old, options.new)]
    os.environ.setdefault("SKATTN_DATA", str(FOLDER.resolve()))
    print("| benchmark | old, s | new, s | times faster |")
    print("|---|---|---|---|")
    for name in options.what:
        print(_row(name, checkouts, options.pairs, options.threads), flush=True)


if __name__ == "__main__":
    main()
