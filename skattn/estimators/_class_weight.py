"""Class weights, converted to weights of rows."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight


def class_weigher(
    class_weight: Any, classes: np.ndarray, y: np.ndarray, known: np.ndarray
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Make the function that maps labels and their mask to the class weights of rows.

    Parameters
    ----------
    class_weight : dict, list of dict or "balanced"
        As in scikit-learn.
    classes : ndarray of shape (n_classes,)
        Sorted classes, if there is one label per row.
    y : ndarray of shape (n_rows,) or (n_rows, n_labels)
        Training labels; "balanced" uses their class frequencies.
    known : ndarray of bool, like y
        Mask of the known labels.

    Returns
    -------
    callable
        Function of labels and mask; the weights (n_rows,) are 1 for unknown labels.
    """
    if y.ndim != 1:
        return lambda y, known: _by_labels(class_weight, y, known)
    weights = compute_class_weight(class_weight, classes=classes, y=y[known])
    return lambda y, known: _by_class(weights, classes, y, known)


def _by_class(weights, classes, y, known):
    """Look up the weight of each row's class."""
    weights_of_rows = np.ones(len(y))
    code = np.searchsorted(classes, y[known])
    weights_of_rows[known] = weights[np.minimum(code, len(classes) - 1)]
    return weights_of_rows


def _by_labels(class_weight, y, known):
    """Multiply the weights of each row's labels; 1 if one of them is unknown."""
    weights_of_rows = np.ones(len(y))
    rows = known.reshape(len(known), -1).all(1)
    weights_of_rows[rows] = compute_sample_weight(class_weight, y[rows])
    return weights_of_rows
