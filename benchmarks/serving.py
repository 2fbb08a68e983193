"""Milliseconds of one prediction and of a thousand beside other libraries.

    python -m benchmarks.serving --rows 10000 60000 100000 1000000 --nodes 10000 1000000
    python -m benchmarks.serving --degree 21    # fields of 10,000 edges
    python -m benchmarks.serving --cpu    # processor time, where other work runs

Tables of 20 columns, a linear map of 10 normal variables with 1 % noise: the default
classifier, ``KNeighborsClassifier(8)`` and ``HistGradientBoostingClassifier()``.

Random graphs with 10 edges per node (``--degree``) and 32 features: a classifier of
three layers, and PyG's ``k_hop_subgraph`` with three ``GATv2Conv`` of the same widths.

A time depends on sizes, not on learned weights: networks are trained on 500 rows or
nodes, and the context of a table is then replaced by one of all rows. Times are the
fastest of several calls on other targets, after one that builds the index.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.neighbors import KNeighborsClassifier

from skattn import Graph, GraphAttentionClassifier
from skattn._training import predict
from skattn.graph._table_context import TableContext

_FITTED, _MANY = 500, 1000
_ENOUGH = 5.0  # seconds of calls
_COLUMNS, _FACTORS, _NOISE = 20, 10, 0.01
_FEATURES = 32

Clock = Callable[[], float]
Answer = Callable[[int, int], Any]
"""Function of a number of targets and a seed."""


def _milliseconds(answer: Answer, n_targets: int, n_calls: int, clock: Clock) -> float:
    """Return the time of the fastest call, each on targets of its own."""
    answer(n_targets, 0)
    seconds = []
    for seed in range(1, n_calls + 1):
        start = clock()
        answer(n_targets, seed)
        seconds.append(clock() - start)
        if sum(seconds) > _ENOUGH:
            break
    return 1000 * min(seconds)


def _classifier() -> GraphAttentionClassifier:
    return GraphAttentionClassifier(max_epochs=1, early_stopping=False, random_state=0)


# ---- tables -----------------------------------------------------------------------


def _table(n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    factors = rng.standard_normal((n_rows, _FACTORS), np.float32)
    to_columns = rng.standard_normal((_FACTORS, _COLUMNS), np.float32)
    noise = rng.standard_normal((n_rows, _COLUMNS), np.float32)
    return factors @ to_columns / 3 + _NOISE * noise, (factors[:, 0] > 0).astype(int)


def _table_answers(n_rows: int) -> list[Answer]:
    """Return the predictions of the three models of a table."""
    X, y = _table(n_rows + _MANY)
    new, X, y = X[n_rows:], X[:n_rows], y[:n_rows]
    ours = _classifier().fit(X[:_FITTED], y[:_FITTED])
    ours._context_ = TableContext(X, ours.n_neighbors)
    others = [KNeighborsClassifier(8), HistGradientBoostingClassifier()]

    def answer_of(model: Any) -> Answer:
        def answer(n_targets: int, seed: int) -> Any:
            start = 0 if n_targets == _MANY else 7 * seed
            return model.predict(new[start : start + n_targets])

        return answer

    return [answer_of(model) for model in [ours, *(m.fit(X, y) for m in others)]]


# ---- graphs -----------------------------------------------------------------------


def _graph(n_nodes: int, degree: int) -> Graph:
    rng = np.random.default_rng(0)
    ends = rng.integers(0, n_nodes, (2, degree * n_nodes))
    ones = np.ones(ends.shape[1], np.float32)
    adjacency = sp.coo_array((ones, (ends[0], ends[1])), (n_nodes, n_nodes)).tocsr()
    adjacency.data[:] = 1
    X = rng.standard_normal((n_nodes, _FEATURES), np.float32)
    return Graph(adjacency, X)


def _pyg_answer(graph: Graph) -> Answer:
    """Return the predictions of PyG: a subgraph around the targets, then a forward."""
    from torch_geometric.nn import GATv2Conv  # noqa: PLC0415
    from torch_geometric.utils import k_hop_subgraph  # noqa: PLC0415

    entries = graph.adjacency.tocoo()
    edges = torch.from_numpy(np.stack([entries.col, entries.row]).astype(np.int64))
    x = torch.from_numpy(graph.X)
    widths = [_FEATURES, 64, 64, 64]
    layers = [GATv2Conv(widths[k], 16, heads=4) for k in range(3)]
    head = torch.nn.Linear(64, 2)

    @torch.no_grad()
    def answer(n_targets: int, seed: int) -> Any:
        nodes, around, at, _ = k_hop_subgraph(
            torch.from_numpy(_targets(graph, n_targets, seed)),
            3,
            edges,
            relabel_nodes=True,
            num_nodes=graph.n_nodes,
        )
        h = x[nodes]
        for layer in layers:
            h = torch.nn.functional.elu(layer(h, around))
        return head(h[at]).argmax(1)

    return answer


def _targets(graph: Graph, n_targets: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.choice(graph.n_nodes, n_targets, replace=False)


def _graph_answers(n_nodes: int, degree: int) -> list[Answer]:
    """Return the predictions of a graph: ours, of the whole graph, PyG's."""
    graph = _graph(n_nodes, degree)
    part = graph.subgraph(np.arange(_FITTED))
    ours = _classifier().fit(part, np.arange(_FITTED) % 2)

    def answer(n_targets: int, seed: int) -> Any:
        return ours.predict(graph[_targets(graph, n_targets, seed)])

    def whole(n_targets: int, seed: int) -> Any:
        view = graph[_targets(graph, n_targets, seed)]
        return predict(ours.net_, ours._prepare(view).source)

    return [answer, whole, _pyg_answer(graph)]


# ---- output -----------------------------------------------------------------------


def _print_table(
    size: str, names: list[str], answers: Any, sizes: list[int], clock: Clock
) -> None:
    heads = [f"{name}, {n}" for name in names for n in (1, _MANY)]
    print(f"| {size} | " + " | ".join(heads) + " |")
    print("|---" * (1 + len(heads)) + "|")
    for n in sizes:
        cells = []
        for answer in answers(n):
            cells.append(_milliseconds(answer, 1, 9, clock))
            cells.append(_milliseconds(answer, _MANY, 3, clock))
        print(f"| {n} | " + " | ".join(f"{ms:.1f}" for ms in cells) + " |", flush=True)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 60_000])
    parser.add_argument("--nodes", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--degree", type=int, default=10, help="edges per node")
    parser.add_argument("--cpu", action="store_true", help="processor time")
    args = parser.parse_args()
    clock = time.process_time if args.cpu else time.perf_counter
    if args.rows:
        models = ["skattn", "k-neighbours", "boosting"]
        _print_table("fitted rows", models, _table_answers, args.rows, clock)
    if args.nodes:
        models = ["skattn", "the whole graph", "PyG"]
        answers = partial(_graph_answers, degree=args.degree)
        _print_table("nodes", models, answers, args.nodes, clock)


if __name__ == "__main__":
    main()
