"""Tell whether one checkout of this repository is slower than another.

    python -m benchmarks.compare OLD NEW --pairs 5

Runs our side of the layer, Cora-epoch, graph-epoch and iris benchmarks of both in turn,
each in a process of its own that imports from its checkout, and prints how many times
faster the new one is. A benchmark that one of them lacks is named and left out.
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
"""The file of a benchmark, and what it is asked for."""


def _row(name: str, checkouts: list[Path], n_pairs: int, n_threads: int) -> str:
    benchmark, *asked = _ROWS[name]
    file = f"benchmarks/{benchmark}.py"
    lacking = [str(path) for path in checkouts if not (path / file).exists()]
    if lacking:
        return f"| {name} | {' and '.join(lacking)} has no {file} | | |"
    options = (*asked, "--side", "ours", "--threads", str(n_threads))
    workers = []
    for path in checkouts:
        try:
            module = f"benchmarks.{benchmark}"
            workers.append(Worker(module, *options, checkout=path))
        except RuntimeError:  # it has written why
            return f"| {name} | fails in {path} | | |"
    new, old, ratios = compare(*reversed(workers), n_pairs)
    return f"| {name} | {spread(old, 3)} | {spread(new, 3)} | {spread(ratios, 2)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path, help="a checkout")
    parser.add_argument("new", type=Path, help="another")
    parser.add_argument("--pairs", type=int, default=5, help="steps of each, in turn")
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
