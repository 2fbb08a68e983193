"""Development suite: nodes of one graph, real and generated."""

from dataclasses import replace
from functools import partial

import numpy as np
import scipy.sparse as sp
from sklearn.preprocessing import normalize

from benchmarks._data import load, matrix, weather
from benchmarks._suite_task import Run, Task, drawn, folded, halves, masked
from skattn import Graph


def classes(y):
    """Map classes to 0, 1, ..."""
    return np.unique(y, return_inverse=True)[1]


def node_arrays(name):
    """Read adjacency, features (or None) and classes of a file."""
    arrays = load(name)
    if "x" in arrays:
        X = arrays["x"]
    else:
        X = matrix(arrays, "x") if "x_indptr" in arrays else None
    if "x_data" in arrays:
        X.data = arrays["x_data"]
    return matrix(arrays, "adj"), X, classes(arrays["y"])


def cora(quick):
    """Score development on the nodes outside the public split."""
    adjacency, X, y = node_arrays("cora")
    arrays = load("cora")
    masks = [arrays[f"{part}_mask"] for part in ("train", "val", "test")]
    train, val, test = map(np.flatnonzero, masks)
    scored = {"test": test, "development": np.flatnonzero(~np.any(masks, axis=0))}
    runs = [Run(f"seed {k}", k, train, val, scored) for k in range(2 if quick else 10)]
    graph = Graph(adjacency, normalize(X, norm="l1"))
    return Task("cora", "nodes", "accuracy", graph, y, runs)


def drawn_nodes(name, quick, per_class=20, n_val=500, **draw):
    """Draw a number of labelled nodes per class."""
    adjacency, X, y = node_arrays(name)
    runs = drawn(y, 2 if quick else 10, per_class, n_val, **draw)
    return Task(name, "nodes", "accuracy", Graph(adjacency, X), y, runs)


def heterophilous(name, quick, metric="accuracy", n_quick=2, n_full=10):
    """Use the given splits."""
    adjacency, X, y = node_arrays(f"het-{name}")
    runs = masked(load(f"het-{name}"), n_quick if quick else n_full)
    extra = {"heterophilous": True}
    return Task(name, "nodes", metric, Graph(adjacency, X), y, runs, extra=extra)


def polblogs(quick):
    """Label a tenth of the nodes, which have no features."""
    adjacency, _, y = node_arrays("polblogs")
    runs = drawn(y, 2 if quick else 10, len(y) // 20, len(y) // 10, n_test=500)
    return Task("polblogs", "nodes", "accuracy", Graph(adjacency), y, runs)


def stations(quick):
    """Predict winter and summer temperatures."""
    graph, y = weather()
    runs = folded(y, 5, 3 if quick else 5, first=3 if quick else 5, classes=False)
    return Task("weather", "nodes", "r2", graph, y, runs, scaled=True)


def random_edges(n_nodes, degree, rng):
    """Draw a symmetric random graph with this mean degree."""
    n = n_nodes * degree // 2
    ends = rng.integers(n_nodes, size=(2, n))
    ends = ends[:, ends[0] != ends[1]]
    A = sp.csr_array(
        (np.ones(ends.shape[1], np.float32), tuple(ends)), shape=(n_nodes, n_nodes)
    )
    return A.maximum(A.T)


def counting(quick):
    """Count the marked neighbours; attainable R² 1."""
    rng = np.random.default_rng(0)
    A = random_edges(1000, 6, rng)
    X = np.column_stack([rng.random(1000) < 0.4, rng.normal(size=(1000, 3))])
    y = np.asarray(A @ X[:, 0], float)
    runs = halves(len(y), 1 if quick else 5)
    return Task("syn-count", "nodes", "r2", Graph(A, X.astype(np.float32)), y, runs)


def degree(quick):
    """Classify nodes by a degree above the median; attainable accuracy 1."""
    rng = np.random.default_rng(1)
    A = random_edges(1000, 6, rng)
    degrees = np.diff(A.indptr)
    y = (degrees > np.median(degrees)).astype(int)
    graph = Graph(A, rng.normal(size=(1000, 4)).astype(np.float32))
    runs = halves(len(y), 1 if quick else 5)
    return Task("syn-degree", "nodes", "accuracy", graph, y, runs)


def cyclic_classes(quick):
    """Class c links to class c + 1 of 5; weak features; heterophily."""
    rng = np.random.default_rng(2)
    n, n_classes = 1500, 5
    y = rng.integers(n_classes, size=n)
    of_class = [np.flatnonzero(y == c) for c in range(n_classes)]
    receivers = np.repeat(np.arange(n), 3)
    linked = (y[receivers] + rng.choice([1, 2], p=[0.8, 0.2], size=len(receivers))) % 5
    senders = np.array([rng.choice(of_class[c]) for c in linked])
    ones = np.ones(len(senders), np.float32)
    A = sp.csr_array((ones, (receivers, senders)), shape=(n, n))
    A = A.maximum(A.T)
    X = np.eye(n_classes)[y] + rng.normal(size=(n, n_classes)) * 1.5
    extra = {"heterophilous": True}
    graph = Graph(A, X.astype(np.float32))
    runs = halves(n, 1 if quick else 5)
    return Task("syn-cyclic", "nodes", "accuracy", graph, y, runs, extra=extra)


def long_range(quick):
    """Classify the last node of a path by a mark on its first, 1 to 8 hops away."""
    rng = np.random.default_rng(3)
    lengths = rng.integers(2, 10, size=600)
    ends = np.cumsum(lengths)
    starts = ends - lengths
    n = ends[-1]
    inner = np.setdiff1d(np.arange(n - 1), ends - 1)
    ones = np.ones(len(inner), np.float32)
    A = sp.csr_array((ones, (inner, inner + 1)), shape=(n, n))
    A = A.maximum(A.T)
    mark = rng.integers(3, size=len(starts))
    X = np.zeros((n, 4), np.float32)
    X[starts, mark] = 1
    X[ends - 1, 3] = 1
    y = np.zeros(n, int)
    y[ends - 1] = mark
    runs = [
        Run(
            run.name,
            run.seed,
            ends[run.train] - 1,
            ends[run.val] - 1,
            {stage: ends[rows] - 1 for stage, rows in run.scored.items()},
        )
        for run in halves(len(ends), 1 if quick else 5)
    ]
    return Task("syn-far", "nodes", "accuracy", Graph(A, X), y, runs)


def embedded(name, quick):
    """Embed all nodes without labels, then fit a logistic regression of three C."""
    task = NODE_TASKS[name](quick)
    runs, penalties = [], {}
    for run in task.runs:
        for C in (0.1, 1, 10):
            runs.append(replace(run, name=f"{run.name}, C={C}"))
            penalties[runs[-1].name] = C
    extra = {"penalties": penalties}
    return replace(task, name=f"embed-{name}", kind="embedding", runs=runs, extra=extra)


NODE_TASKS = {
    "cora": cora,
    "acm": lambda quick: drawn_nodes("acm", quick),
    "dblp": lambda quick: drawn_nodes("dblp", quick),
    "amazon-computers": lambda quick: drawn_nodes(
        "amazon-computers", quick, n_val_per_class=30
    ),
    "polblogs": polblogs,
    "chameleon-filtered": lambda quick: heterophilous(
        "chameleon-filtered", quick, n_quick=4
    ),
    "actor": lambda quick: heterophilous("actor", quick),
    "wisconsin": lambda quick: heterophilous("wisconsin", quick, n_quick=4),
    "minesweeper": lambda quick: heterophilous(
        "minesweeper", quick, "auc", n_quick=1, n_full=3
    ),
    "weather": stations,
    "syn-count": counting,
    "syn-degree": degree,
    "syn-cyclic": cyclic_classes,
    "syn-far": long_range,
}
"""Functions of ``quick`` that make a task."""
NODE_TASKS |= {
    f"embed-{name}": partial(embedded, name) for name in ("cora", "acm", "dblp")
}
