"""Development suite: a task, its splits, and the score of a prediction."""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
)
from sklearn.model_selection import (
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    train_test_split,
)


@dataclass(frozen=True)
class Run:
    """One fit: the rows it learns from, and those that it is scored on."""

    name: str
    """Name of the split: "draw 3", "fold 0", "inner fold 2"."""
    seed: int
    """``random_state`` of the model."""
    train: np.ndarray
    """Rows with labels."""
    val: np.ndarray | None
    """Rows that may stop a fit or choose a penalty; None: the protocol has none."""
    scored: dict[str, np.ndarray]
    """Rows by stage: "development" (to choose defaults), "test" (to report)."""


@dataclass(frozen=True, eq=False)
class Task:
    """Data, labels, metric and splits of one set."""

    name: str
    kind: str
    """"nodes", "embedding", "graphs", "molecules", "sequences" or "table"."""
    metric: str
    """A key of `METRICS`; higher is better."""
    X: Any
    """A Graph, a list of Graphs, a list of arrays (n_steps, n_channels), a table."""
    y: np.ndarray
    """Classes 0 to n - 1, or numbers."""
    runs: list[Run]
    scaled: bool = False
    """Whether features are standardised from the training rows before skattn."""
    extra: dict = field(default_factory=dict)
    """What methods need: "smiles", "node_labels", "heterophilous", "penalties"."""

    @property
    def n_classes(self):
        """Number of classes; 0 for numbers."""
        return int(self.y.max()) + 1 if self.metric in ("accuracy", "auc") else 0


METRICS = {
    "accuracy": lambda y, out: accuracy_score(y, out.argmax(1)),
    "auc": lambda y, out: roc_auc_score(y, out[:, 1]),
    "r2": r2_score,
    "rmse": lambda y, out: -root_mean_squared_error(y, out),
}
"""Scores, higher is better, of labels and of probabilities or numbers."""


def take(X, rows):
    """Select rows of a table or graph, or entries of a list."""
    return [X[i] for i in rows] if isinstance(X, list) else X[rows]


def probabilities(model, X, n_classes):
    """Predict a column per class of the set; numbers of a regressor."""
    if not n_classes:
        return model.predict(X)
    full = np.zeros((len(X), n_classes))
    full[:, model.classes_.astype(int)] = model.predict_proba(X)
    return full


def measure(task, run, method, stages):
    """Fit once; yield stage, score, log loss (None for numbers) and CPU seconds."""
    start = time.process_time()
    predict = method(task, run)
    outputs = {s: predict(run.scored[s]) for s in stages if s in run.scored}
    seconds = time.process_time() - start
    for stage, out in outputs.items():
        y = task.y[run.scored[stage]]
        score = METRICS[task.metric](y, out)
        loss = None
        if task.n_classes:
            loss = log_loss(y, out, labels=np.arange(task.n_classes))
        yield stage, score, loss, seconds


def drawn(y, seeds, per_class, n_val, *, n_val_per_class=0, n_test=1000):
    """Draw labelled, validation and test nodes; score development on other nodes."""
    runs = []
    for seed in range(seeds):
        order = np.random.default_rng(seed).permutation(len(y))
        train = _first_of_each(y, order, per_class)
        rest = order[~np.isin(order, train)]
        if n_val_per_class:
            val = _first_of_each(y, rest, n_val_per_class)
            rest = rest[~np.isin(rest, val)]
        else:
            val, rest = rest[:n_val], rest[n_val:]
        scored = {"test": rest[:n_test], "development": rest[n_test : 2 * n_test]}
        runs.append(Run(f"draw {seed}", seed, train, val, scored))
    return runs


def _first_of_each(y, order, n):
    return np.concatenate([order[y[order] == c][:n] for c in np.unique(y)])


def masked(arrays, n):
    """Use given masks; development scores are those of the validation nodes."""
    runs = []
    for k in range(n):
        train, val, test = (
            np.flatnonzero(arrays[f"{part}_masks"][k])
            for part in ("train", "val", "test")
        )
        scored = {"development": val, "test": test}
        runs.append(Run(f"split {k}", k, train, val, scored))
    return runs


def folded(y, n_folds, n_inner, *, holdout=False, first=None, classes=True):
    """Test in folds; development in inner folds of the first fold's training part.

    ``holdout`` gives a tenth of each training part to validation; ``first`` is the
    number of folds to run.
    """
    rows = np.arange(len(y))
    outer = list(_folds(y, n_folds, 0, classes))
    runs = []
    inside = outer[0][0]
    for k, (train, scored) in enumerate(_folds(y[inside], n_inner, 1, classes)):
        parts = _held_out(inside[train], y, k, holdout, classes)
        scored = {"development": inside[scored]}
        runs.append(Run(f"inner fold {k}", k, *parts, scored))
    for k, (train, scored) in enumerate(outer[:first]):
        parts = _held_out(rows[train], y, k, holdout, classes)
        runs.append(Run(f"fold {k}", k, *parts, {"test": rows[scored]}))
    return runs


def _folds(y, n, seed, classes):
    folds = StratifiedKFold if classes else KFold
    return folds(n, shuffle=True, random_state=seed).split(y, y if classes else None)


def _held_out(train, y, seed, holdout, classes):
    if not holdout:
        return train, None
    strata = y[train] if classes else None
    return train_test_split(train, test_size=0.1, random_state=seed, stratify=strata)


def random_parts(y, seeds, *, classes):
    """Random 80/10/10; development repeats the protocol inside the first 90 %."""
    runs = []
    for seed in range(seeds):
        rest, test = _tenth(np.arange(len(y)), y, 0.1, seed, classes)
        train, val = _tenth(rest, y, 1 / 9, seed, classes)
        runs.append(Run(f"seed {seed}", seed, train, val, {"test": test}))
        inner, scored = _tenth(rest, y, 1 / 9, seed + 100, classes)
        train, val = _tenth(inner, y, 1 / 8, seed, classes)
        runs.append(Run(f"inner {seed}", seed, train, val, {"development": scored}))
    return runs


def _tenth(rows, y, size, seed, classes):
    strata = y[rows] if classes else None
    return train_test_split(rows, test_size=size, random_state=seed, stratify=strata)


def grouped_parts(y, groups, seeds):
    """Deterministic 80/10/10 of whole groups, the largest to training.

    Development divides the first 90 % into ninths of whole groups, stratified by class
    because the smallest groups may have one class: seven for training, one for
    validation, one scored.
    """
    groups = np.unique(groups, return_inverse=True)[1]
    rest, test = _whole_groups(np.arange(len(groups)), groups, 0.9)
    train, val = _whole_groups(rest, groups, 8 / 9)
    runs = []
    for seed in range(seeds):
        runs.append(Run(f"seed {seed}", seed, train, val, {"test": test}))
        ninths = _group_ninths(rest, y, groups, seed)
        inner = np.sort(np.concatenate(ninths[2:]))
        scores = {"development": ninths[1]}
        runs.append(Run(f"inner {seed}", seed, inner, ninths[0], scores))
    return runs


def _group_ninths(rows, y, groups, seed):
    folds = StratifiedGroupKFold(9, shuffle=True, random_state=seed)
    return [rows[part] for _, part in folds.split(rows, y[rows], groups[rows])]


def _whole_groups(rows, groups, share):
    members = {}
    for row in rows:
        members.setdefault(groups[row], []).append(row)
    # as in DeepChem: among equal sizes the last rows first
    ordered = sorted(members.values(), key=lambda rows: (-len(rows), -rows[0]))
    first, second = [], []
    for group in ordered:
        fits = len(first) + len(group) <= share * len(rows)
        (first if fits else second).extend(group)
    return np.sort(first), np.sort(second)


def given(y, n_train, seeds, n_inner, *, classes):
    """Use the given split; development in folds of the training rows."""
    train = np.arange(n_train)
    runs = []
    for k, (fitted, scored) in enumerate(_folds(y[:n_train], n_inner, 0, classes)):
        scored = {"development": scored}
        runs.append(Run(f"inner fold {k}", k, fitted, None, scored))
    test = {"test": np.arange(n_train, len(y))}
    runs += [Run(f"seed {seed}", seed, train, None, test) for seed in range(seeds)]
    return runs


def halves(n, seeds):
    """Split nodes at random: half train, a tenth validation, the rest scored."""
    runs = []
    for seed in range(seeds):
        order = np.random.default_rng(100 + seed).permutation(n)
        train, val, development, test = np.split(
            order, [n // 2, 6 * n // 10, 8 * n // 10]
        )
        scored = {"development": development, "test": test}
        runs.append(Run(f"draw {seed}", seed, train, val, scored))
    return runs
