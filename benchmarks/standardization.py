"""Validation scores with and without ``standardize``, in two units of the features.

    python -m benchmarks.standardization [SET ...] [--seeds N] [--epochs N]

Fits on part of the training data and scores the rest of it; test data are not used. The
other units are the dense columns that are not all 0 or 1, times 1000 plus 10000.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.datasets import load_diabetes, load_wine
from sklearn.model_selection import KFold, StratifiedKFold

from benchmarks._data import basic_motions, cora, enzymes, load, weather
from skattn import GraphAttentionClassifier, GraphAttentionRegressor

VARIANTS = {
    "standardize=False": {"standardize": False},
    'standardize="auto"': {},
}


@dataclass(frozen=True)
class Case:
    """Training rows of a data set, divided for validation."""

    cls: type
    """Estimator."""
    make: Callable[[float, float], Any]
    """Function of factor and offset: X in these units."""
    y: np.ndarray
    """Labels of the rows of X."""
    splits: list
    """Pairs of positions: fit, validation."""


def in_units(X, factor, offset):
    """Return X with all columns that are not 0/1 in other units."""
    X = np.asarray(X, np.float64)
    indicator = np.isin(X, (0, 1)).all(axis=tuple(range(X.ndim - 1)))
    return np.where(indicator, X, factor * X + offset)


def on_table(cls, load_table):
    """Divide the first training fold of a table."""
    X, y = load_table(return_X_y=True)
    folds = StratifiedKFold if cls is GraphAttentionClassifier else KFold
    train, _ = next(folds(5, shuffle=True, random_state=0).split(X, y))
    X, y = X[train], y[train]
    splits = list(folds(3, shuffle=True, random_state=1).split(X, y))
    return Case(cls, lambda *unit: in_units(X, *unit), y, splits)


def on_weather():
    """Divide the first training fold of the stations; all are in the graph."""
    graph, y = weather()
    train, _ = next(KFold(5, shuffle=True, random_state=0).split(y))
    folds = KFold(4, shuffle=True, random_state=1).split(train)
    return Case(
        GraphAttentionRegressor,
        lambda *unit: graph.with_features(in_units(graph.X, *unit)),
        y,
        [(train[fit], train[val]) for fit, val in folds],
    )


def on_cora():
    """Row-normalised words as a dense table, validation nodes."""
    graph, y, (train, val, _) = cora()
    X = graph.X.toarray()
    return Case(
        GraphAttentionClassifier,
        lambda *unit: graph.with_features(in_units(X, *unit)),
        y,
        [(np.flatnonzero(train), np.flatnonzero(val))],
    )


def on_enzymes():
    """Divide the first training fold of the proteins."""
    graphs, y = enzymes()
    train, _ = next(StratifiedKFold(10, shuffle=True, random_state=0).split(y, y))
    fit, val = next(
        StratifiedKFold(5, shuffle=True, random_state=1).split(train, y[train])
    )

    def make(*unit):
        X = in_units(np.concatenate([graph.X for graph in graphs]), *unit)
        ends = np.cumsum([graph.n_nodes for graph in graphs])[:-1]
        parts = zip(graphs, np.split(X, ends), strict=True)
        return [graph.with_features(part) for graph, part in parts]

    return Case(GraphAttentionClassifier, make, y, [(train[fit], train[val])])


def on_sequences(X, y):
    """Divide training sequences of shape (n, channels, steps)."""
    folds = StratifiedKFold(2, shuffle=True, random_state=1)
    steps = np.swapaxes(X, 1, 2)
    return Case(
        GraphAttentionClassifier,
        lambda *unit: in_units(steps, *unit),
        y,
        list(folds.split(X, y)),
    )


SETS = {
    "wine": lambda: on_table(GraphAttentionClassifier, load_wine),
    "diabetes, raw units": lambda: on_table(
        GraphAttentionRegressor, lambda **kw: load_diabetes(scaled=False, **kw)
    ),
    "weather": on_weather,
    "Cora, dense": on_cora,
    "ENZYMES": on_enzymes,
    "BasicMotions": lambda: on_sequences(*basic_motions()[0]),
    "GunPoint": lambda: on_sequences(
        *(load("ts-gunpoint")[f"{name}_train"] for name in ("X", "y"))
    ),
}


def _take(X, rows):
    return [X[row] for row in rows] if isinstance(X, list) else X[rows]


def score(case, params, unit, seed):
    """Return the mean validation score over the splits."""
    X, scores = case.make(*unit), []
    for fit, val in case.splits:
        model = case.cls(random_state=seed, **params)
        model.fit(_take(X, fit), case.y[fit])
        scores.append(model.score(_take(X, val), case.y[val]))
    return np.mean(scores)


def main() -> None:
    """Print a row per data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=list(SETS), metavar="SET")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int)
    options = parser.parse_args()
    epochs = {} if options.epochs is None else {"max_epochs": options.epochs}
    for name in options.sets:
        case, cells = SETS[name](), []
        for unit in ((1.0, 0.0), (1e3, 1e4)):
            for params in VARIANTS.values():
                scores = [
                    score(case, epochs | params, unit, seed)
                    for seed in range(options.seeds)
                ]
                cells.append(f"{np.mean(scores):.3f} ± {np.std(scores):.3f}")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
