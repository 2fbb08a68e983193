"""How the estimators' defaults were chosen: on validation data, never on test data.

    python -m benchmarks.defaults [CANDIDATE ...]

Cora and minesweeper are scored on their validation nodes; tables and weather stations
inside the training part of their first fold. A candidate is named by what differs from
the defaults.
"""

import sys

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks._data import cora, minesweeper, weather
from benchmarks.accuracy import TABLES
from skattn import Encoder, GraphAttentionClassifier, GraphAttentionRegressor
from skattn.preprocessing import NodeTransformer

CANDIDATES = {
    "as they are": {},
    "2 layers": {"n_layers": 2},
    "2 layers, dropout 0.5, none on the input": {
        "n_layers": 2,
        "dropout": 0.5,
        "encoder": Encoder(input_dropout=0.0),
    },
    "dropout 0.3, none on the input": {
        "dropout": 0.3,
        "encoder": Encoder(input_dropout=0.0),
    },
    "every layer attends": {"encoder": Encoder(alone=0)},
    "batch norm": {"norm": "batch"},
    "learning rate 0.002": {"learning_rate": 0.002},
    "no residual": {"residual": False},
}


def on_cora(params):
    """Accuracy on the validation nodes, seeds 0 to 3."""
    graph, y, (train, val, _) = cora()
    for seed in range(4):
        model = GraphAttentionClassifier(**params, random_state=seed)
        model.fit(graph[train], y[train], X_val=graph[val], y_val=y[val])
        yield model.score(graph[val], y[val])


def on_minesweeper(params):
    """ROC AUC on the validation nodes of splits 0 and 1."""
    graph, y, splits = minesweeper()
    for k, (train, val, _) in enumerate(splits[:2]):
        model = GraphAttentionClassifier(**params, random_state=k)
        model.fit(graph[train], y[train], X_val=graph[val], y_val=y[val])
        yield roc_auc_score(y[val], model.predict_proba(graph[val])[:, 1])


def on_tables(params):
    """Accuracy of 4 folds inside the first training fold of each table."""
    for load in TABLES.values():
        X, y = load(return_X_y=True)
        train, _ = next(StratifiedKFold(5).split(X, y))
        model = make_pipeline(
            StandardScaler(), GraphAttentionClassifier(**params, random_state=0)
        )
        yield cross_val_score(model, X[train], y[train], cv=4).mean()


def on_weather(params):
    """R² of 4 folds inside the first training fold of the weather stations."""
    graph, y = weather()
    train, _ = next(KFold(5, shuffle=True, random_state=0).split(y))
    model = make_pipeline(
        NodeTransformer(StandardScaler()),
        GraphAttentionRegressor(**params, random_state=0),
    )
    folds = KFold(4, shuffle=True, random_state=0)
    yield from cross_val_score(model, graph[train], y[train], cv=folds)


def main(names):
    """Measure the named candidates, all of them if none is named."""
    measures = [on_cora, on_minesweeper, on_tables, on_weather]
    print("| candidate |", " | ".join(m.__name__[3:] for m in measures), "|")
    for name in names or CANDIDATES:
        means = [np.mean(list(measure(CANDIDATES[name]))) for measure in measures]
        print(f"| {name} |", " | ".join(f"{m:.4f}" for m in means), "|", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
