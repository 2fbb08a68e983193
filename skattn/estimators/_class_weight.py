"""Class weights as weights of rows."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight


def class_weigher(
    class_weight: Any, classes: np.ndarray, y: np.ndarray, known: np.ndarray
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Make the function that returns each row's class weight.

    Parameters
    ----------
    class_weight : dict, list of dict or "balanced"
        As in scikit-learn.
    classes : ndarray of shape (n_classes,)
        The sorted classes of one label per row.
    y : ndarray of shape (n_rows,) or (n_rows, n_labels)
        The training labels; "balanced" uses their class frequencies.
    known : ndarray of bool
        Like ``y``.

    Returns
    -------
    callable
        Takes labels and their mask as ``y`` and ``known``; returns (n_rows,) weights,
        1 where a row is not known.
    """
    if y.ndim != 1:
        return lambda y, known: _by_labels(class_weight, y, known)
    weights = compute_class_weight(class_weight, classes=classes, y=y[known])
    return lambda y, known: _by_class(weights, classes, y, known)


def _by_class(weights, classes, y, known):
    """Look up the weight of each row's class."""
    found = np.ones(len(y))
    code = np.searchsorted(classes, y[known])
    found[known] = weights[np.minimum(code, len(classes) - 1)]
    return found


def _by_labels(class_weight, y, known):
    """Multiply the weights of each row's labels, where all are known."""
    found = np.ones(len(y))
    rows = known.reshape(len(known), -1).all(1)
    found[rows] = compute_sample_weight(class_weight, y[rows])
    return found
