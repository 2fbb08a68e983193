"""Explanations of answers with known reasons.

    python -m benchmarks.explanations motifs molecules --seeds 0 1 2

Each row fits a model with the parameters of ``_explanation_models`` and measures
nothing if the model is not accurate. "random" and "1 / degree" use no model,
"attention", "rollout" and "readout weights" no answer. "ms" is CPU time of all threads,
per answer.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable

import numpy as np
import torch

from benchmarks import _explanation_rows as rows
from benchmarks._explanation_run import InaccurateError, Run
from benchmarks._explanation_speed import speed

Floor = tuple[str, str, str, float]
"""Method, column, ">=" or "<=", and the number."""
ROWS: dict[str, tuple[Callable[[Run], None], list[Floor]]] = {
    "motifs": (
        rows.motifs,
        [("auto", "all", ">=", 0.97), ("auto", "cycle", ">=", 0.95),
         ("auto", "house", ">=", 0.95)],
    ),
    "ba2motifs": (rows.ba_2motifs, [("auto", "by size", ">=", 0.88)]),
    "planted": (
        rows.planted,
        [("auto", "correlation", ">=", 0.8), ("auto", "columns", ">=", 1.0)],
    ),
    "benzene": (rows.benzene, [("auto", "all", ">=", 0.97)]),
    "carbonyl": (rows.carbonyl, [("auto", "all", ">=", 0.93)]),
    "sequences": (
        rows.sequences,
        [("integrated_gradients", "all", ">=", 0.87), ("auto", "all", ">=", 0.8),
         ("auto", "channel", ">=", 1.0)],
    ),
    "cora": (rows.cora_nodes, [("auto / random", "removed", "<=", 0.8)]),
    "cora-smoothed": (
        rows.cora_smoothed,
        [("auto / random", "removed", "<=", 0.8)],
    ),
    "speed": (
        speed,
        [("ratio", "BA-Shapes", ">=", 100), ("ratio", "Tree-Cycles", ">=", 100),
         ("gradient", "256 nodes of Cora", "<=", 1.0)],
    ),
    "completeness": (
        rows.completeness,
        [("16 steps", "edges of Cora, median %", "<=", 1.0),
         ("16 steps", "steps, median %", "<=", 1.0)],
    ),
}  # fmt: skip
GROUPS = {"molecules": ["benzene", "carbonyl"]}


def table(means: dict[tuple[str, str], list[float]]) -> list[str]:
    """Format means of the seeds, a line per method: mean, and range of several."""
    methods = list(dict.fromkeys(method for method, _ in means))
    columns = list(dict.fromkeys(column for _, column in means))
    lines = [f"| method | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for method in methods:
        cells = [_cell(means.get((method, column), [])) for column in columns]
        lines.append(f"| {method} | {' | '.join(cells)} |")
    return lines


def _cell(values: list[float]) -> str:
    if not values:
        return ""
    text = f"{np.mean(values):.3f}"
    several = f" [{min(values):.3f}-{max(values):.3f}]"
    return text + several if len(values) > 1 else text


def judged(means: dict[tuple[str, str], list[float]], floors: list[Floor]) -> list[str]:
    """Compare the means with the numbers that they should reach."""
    lines = []
    for method, column, sign, number in floors:
        beside = method.removesuffix(" / random")
        if (beside, column) not in means:
            lines.append(f"  {method}, {column}: not measured")
            continue
        value = np.mean(means[beside, column])
        if beside != method:
            value /= np.mean(means["random", column])
        reached = value >= number if sign == ">=" else value <= number
        word = "reached" if reached else "MISSED"
        lines.append(f"  {method}, {column}: {value:.3f} {sign} {number}: {word}")
    return lines


def measure(name: str, seeds: list[int], *, quick: bool = False) -> None:
    """Print the table of a row, and whether it is as good as it should be."""
    row, floors = ROWS[name]
    print(f"{name}: {row.__doc__}")
    means: dict[tuple[str, str], list[float]] = defaultdict(list)
    for seed in seeds:
        run = Run(seed, quick)
        try:
            row(run)
        except InaccurateError:
            print(f"  seed {seed} is refused")
            continue
        for key, values in run.values.items():
            means[key].append(float(np.mean(values)))
    if means:
        print("\n".join([*table(means), *judged(means, floors)]), flush=True)


def main() -> None:
    """Measure the named rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="+", choices=[*ROWS, *GROUPS], metavar="ROW")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--quick", action="store_true", help="small data, any accuracy")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.rows:
        for row in GROUPS.get(name, [name]):
            measure(row, options.seeds, quick=options.quick)


if __name__ == "__main__":
    main()
