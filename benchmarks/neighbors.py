"""Time and recall of the neighbour search of a table.

    python -m benchmarks.neighbors --rows 60000 1000000 --columns 50

"map" is a linear map of 10 normals to the columns with 1 % noise, "iid" has independent
normal columns. Recall is the share of the nearest rows that are found, of a sample by
brute force: of fitted rows, and of new rows. The first search of a process compiles; it
is made before, on a small table, and printed.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from benchmarks._measure import memory
from skattn.graph._neighbor_search import NeighborSearch, SearchMethod

_SAMPLE = 1000
_HEAD = (
    "data        rows  columns  search        CPU s   recall  new rows  "
    "ms of one row  peak, GB"
)


def table(kind: str, n_rows: int, n_columns: int, seed: int = 0) -> NDArray[np.float64]:
    """Make the rows of one kind."""
    rng = np.random.default_rng(seed)
    if kind == "iid":
        return rng.standard_normal((n_rows, n_columns))
    X = rng.standard_normal((n_rows, 10)) @ rng.standard_normal((10, n_columns))
    return X + 0.01 * X.std(axis=0) * rng.standard_normal(X.shape)


def _recall(found: NDArray[np.int64], nearest: NDArray[np.int64]) -> float:
    pairs = zip(found, nearest, strict=True)
    return float(np.mean([len(np.intersect1d(a, b)) / len(b) for a, b in pairs]))


def _row(kind: str, n_rows: int, n_columns: int, k: int, method: SearchMethod) -> str:
    X = table(kind, n_rows + _SAMPLE, n_columns)
    X, new = X[:n_rows], X[n_rows:]
    search = NeighborSearch(X, k, method)
    start = time.process_time()
    neighbors = search.nearest_others()
    seconds = time.process_time() - start
    sample = np.linspace(0, n_rows - 1, _SAMPLE).astype(np.int64)
    brute = NearestNeighbors(algorithm="brute").fit(X)
    nearest = brute.kneighbors(X[sample], k + 1, return_distance=False)[:, 1:]
    nearest_of_new = brute.kneighbors(new, k, return_distance=False)
    found_for_new = search.nearest(new)
    times = []
    for row in range(20):
        start = time.perf_counter()
        search.nearest(new[[row]])
        times.append(1e3 * (time.perf_counter() - start))
    return (
        f"{kind:4}{n_rows:12}{n_columns:9}  {method:11}{seconds:8.1f}"
        f"{_recall(neighbors[sample], nearest):9.3f}"
        f"{_recall(found_for_new, nearest_of_new):10.3f}"
        f"{np.median(times):15.2f}{memory('VmHWM') / 1024:10.1f}"
    )


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", default=["map"], choices=["map", "iid"])
    parser.add_argument("--rows", nargs="+", type=int, default=[60_000])
    parser.add_argument("--columns", nargs="+", type=int, default=[50])
    parser.add_argument("--neighbors", type=int, default=10)
    parser.add_argument("--search", nargs="+", default=["approximate"])
    given = parser.parse_args()
    if "exact" not in given.search or len(given.search) > 1:
        start = time.process_time()
        NeighborSearch(table("map", 2000, 50), 10, "approximate").nearest_others()
        print(f"compiled in {time.process_time() - start:.0f} CPU s")
    print(_HEAD)
    for n_rows in given.rows:
        for n_columns in given.columns:
            for kind in given.data:
                for method in given.search:
                    row = _row(kind, n_rows, n_columns, given.neighbors, method)
                    print(row, flush=True)


if __name__ == "__main__":
    _main()
