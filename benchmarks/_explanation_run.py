"""Figures of one run of a benchmark of explanations."""

import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks._explanation_data import Labelled
from skattn.inspection import Explanation, explain

LOOKS = ("rollout", "attention")
REMOVALS = ("auto", "gradient", "integrated_gradients", "shapley")


class InaccurateError(Exception):
    """The model is not accurate enough for its explanations to be measured."""


@dataclass
class Run:
    """Figures of one row and seed: one value per answer, by method and column."""

    seed: int
    quick: bool
    values: dict[tuple[str, str], list[float]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, method: str, column: str, value: float) -> None:
        """Add the figure of an answer; NaN where it is not defined."""
        if np.isfinite(value):
            self.values[method, column].append(float(value))

    def require(self, score: str, value: float, least: float) -> None:
        """Refuse an inaccurate model (any is accepted in a quick run)."""
        print(f"  seed {self.seed}: {score} {value:.3f}, required {least}", flush=True)
        if value < least and not self.quick:
            raise InaccurateError

    def explain(self, model: Any, X: Any, method: str, **options: Any) -> Explanation:
        """Explain the answers, and add the CPU time."""
        start = time.process_time()
        made = explain(model, X, method=method, random_state=self.seed, **options)
        self.add(method, "ms", 1000 * (time.process_time() - start) / len(made))
        return made


def auc(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Compute the ROC AUC; NaN if all are true or none."""
    if truth.all() or not truth.any():
        return np.nan
    return float(roc_auc_score(truth, scores))


def best_auc(reasons: list[NDArray[np.bool_]], scores: NDArray[np.float64]) -> float:
    """Compute the AUC of the best of several places and of their union."""
    places = [*reasons, np.any(reasons, axis=0)]
    found = [auc(place, scores) for place in places]
    return np.nan if np.isnan(found).all() else float(np.nanmax(found))


def edge_scores(run: Run, model: Any, X: Any, **options: Any) -> dict[str, Any]:
    """Score the edges of each answer by all methods, and without a model.

    Returns the ends of the edges, a list of arrays (n_edges, 2), as "ends", and lists
    of arrays (n_edges,) by the name of the method.
    """
    scores, made = {}, None
    for method in (*REMOVALS, *LOOKS):
        made = run.explain(model, X, method, of="edges", **options)
        scores[method] = [evidence.scores for evidence in made._evidence]
    rng = np.random.default_rng(run.seed)
    scores["ends"] = [evidence.ends for evidence in made._evidence]
    scores["random"] = [rng.random(len(ends)) for ends in scores["ends"]]
    degrees = [np.diff(part.graph.base.adjacency.indptr) for part in made._parts]
    scores["1 / degree"] = [
        (1 / np.maximum(degree, 1))[ends].sum(axis=1)
        for degree, ends in zip(degrees, scores["ends"], strict=True)
    ]
    return scores


def split(n: int, n_train: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split examples at random, the same for all seeds."""
    order = np.random.default_rng(0).permutation(n)
    return order[:n_train], order[n_train:]


def fitted(
    run: Run, data: Labelled, X: list[Any], model: Any, least: float
) -> tuple[Any, NDArray[np.int64]]:
    """Fit on four fifths; return the model and rightly classified test examples.

    They are at most 60 of those that have a reason.
    """
    train, test = split(len(X), len(X) * 4 // 5)
    model.fit([X[k] for k in train], data.y[train])
    predicted = model.predict([X[k] for k in test])
    run.require("accuracy", np.mean(predicted == data.y[test]), least)
    shown = [k for k in test[predicted == data.y[test]] if data.reasons[k]]
    return model, np.array(shown[: 10 if run.quick else 60])
