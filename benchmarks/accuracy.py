"""Accuracy on real data, with targets and published results.

    python -m benchmarks.accuracy cora-gat cora-default ...

Numbers are means over seeds, splits or folds, with standard deviations. Epochs are
selected on validation data; test data are used once.
"""

import sys
import time

import numpy as np

from benchmarks import _graph_rows, _node_rows

ROWS = _node_rows.ROWS | _graph_rows.ROWS


def main(names):
    """Measure the named rows; all rows by default."""
    unknown = set(names) - set(ROWS)
    if unknown:
        raise SystemExit(f"rows must be among {list(ROWS)}, got {sorted(unknown)}.")
    for name in names or ROWS:
        measure, target = ROWS[name]
        start = time.perf_counter()
        runs = dict(measure())
        seconds = time.perf_counter() - start
        print(f"{name} ({len(runs)} runs, {seconds:.0f} s), target: {target}")
        for metric in next(iter(runs.values())):
            values = [scores[metric] for scores in runs.values()]
            print(f"  {metric:15} {np.mean(values):.4f} ± {np.std(values):.4f}")


if __name__ == "__main__":
    main(sys.argv[1:])
