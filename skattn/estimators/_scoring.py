"""Validation score of the parameter ``scoring``."""

import math
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from sklearn.metrics import check_scoring


@dataclass(frozen=True, eq=False)
class ValidationScore:
    """Score of a network's outputs on the validation rows.

    The scorer gets an estimator whose prediction methods take outputs in place of X.
    """

    scorer: Callable
    """Scorer of scikit-learn, ``scorer(estimator, X, y)``."""
    estimator: Any
    """Estimator that takes outputs in place of X."""
    rows: np.ndarray
    """Positions of the rows without unknown labels."""
    y: np.ndarray
    """Labels of these rows, as passed by the user."""
    weight: np.ndarray | None
    """Sample weights of these rows, or None."""

    def __call__(self, outputs):
        """Return the score of the outputs (n_rows, n_outputs); greater is better."""
        kwargs = {} if self.weight is None else {"sample_weight": self.weight}
        return self.scorer(self.estimator, outputs[self.rows], self.y, **kwargs)


def validation_score(estimator, validated):
    """Make the score of the validation rows and try it; None without ``scoring``.

    Parameters
    ----------
    estimator : GraphAttentionPredictor
        The estimator, fitted except for the net.
    validated : LabelledRows
        The validation rows; those with an unknown label are left out.

    Raises
    ------
    ValueError
        If the score is not a finite number on these rows.
    """
    if estimator.scoring is None:
        return None
    on_outputs = copy(estimator)
    on_outputs._outputs = _return_outputs
    complete = validated.known.reshape(len(validated), -1).all(1)
    rows = np.flatnonzero(complete)
    weight = validated.sample_weight
    score = ValidationScore(
        check_scoring(estimator, estimator.scoring),
        on_outputs,
        rows,
        validated.y[rows],
        None if weight is None else weight[rows],
    )
    _check_score(score, len(validated), estimator)
    return score


def _return_outputs(outputs, adjacency=None):  # noqa: ARG001
    """Return outputs unchanged, in place of an estimator's ``_outputs``."""
    return outputs


def _check_score(score, n_rows, estimator):
    """Check the score on outputs as of an untrained net: near zero and distinct."""
    shape = n_rows, estimator._label_encoding_.n_outputs
    outputs = 1e-3 * np.random.default_rng(0).standard_normal(shape, np.float32)
    must = (
        f"scoring={estimator.scoring!r} must give one number on the {len(score.rows)} "
        "validation rows with known labels"
    )
    remedy = (
        "Choose a score for this kind of y (sklearn.metrics.get_scorer_names()), or "
        "validate on rows for which it is defined (X_val, early_stopping)."
    )
    try:
        value = score(outputs)
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"{must}, but failed: {error} {remedy}") from error
    if not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"{must}, got {value!r}. {remedy}")
