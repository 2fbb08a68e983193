"""Accuracy on real data, beside what is published and what the project asks of itself.

    python -m benchmarks.accuracy cora-gat cora-default ...

Every number is a mean over the named seeds, splits or folds, with its standard
deviation. The epoch is chosen on validation data, test data are asked once.
"""

import sys
import time

import numpy as np

from benchmarks import _graph_rows, _node_rows

ROWS = _node_rows.ROWS | _graph_rows.ROWS


def main(names):
    """Measure the named rows, all of them if none is named."""
    unknown = set(names) - set(ROWS)
    if unknown:
        raise SystemExit(f"rows must be of {list(ROWS)}, got {sorted(unknown)}.")
    for name in names or ROWS:
        measure, floor = ROWS[name]
        start = time.perf_counter()
        runs = dict(measure())
        seconds = time.perf_counter() - start
        print(f"{name} ({len(runs)} runs, {seconds:.0f} s), asked: {floor}")
        for metric in next(iter(runs.values())):
            values = [scores[metric] for scores in runs.values()]
            print(f"  {metric:15} {np.mean(values):.4f} ± {np.std(values):.4f}")


if __name__ == "__main__":
    main(sys.argv[1:])
