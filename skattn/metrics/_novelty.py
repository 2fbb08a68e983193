"""Uniqueness and novelty of generated graphs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skattn.metrics._isomorphism import isomorphism_classes
from skattn.metrics._labelled_graphs import LabelledGraphs
from skattn.metrics._simple_graphs import nonempty_graphs


def is_unique(samples: Any) -> NDArray[np.bool_]:
    """Return whether each graph is the first of those that are isomorphic to it.

    Parameters
    ----------
    samples : list of Graph
        Graphs with equal columns. Two graphs are equal if a renumbering of the nodes
        makes adjacency, features of nodes (labels, by rows) and edge features equal.

    Returns
    -------
    ndarray of shape (n_samples,), bool
        Its mean is the uniqueness of the samples.

    Raises
    ------
    TypeError
        If `samples` is not a list of graphs.
    ValueError
        If there is no graph, a graph has no node, or the columns of graphs differ.

    See Also
    --------
    is_novel : Comparison with the graphs of the training set.

    Notes
    -----
    Colour refinement separates nearly all graphs that differ; those with equal colours
    are compared exactly, which is fast but for graphs that are made to be hard.

    Examples
    --------
    >>> from skattn import Graph
    >>> from skattn.metrics import is_unique
    >>> path = Graph([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> same = Graph([[0, 1, 1], [1, 0, 0], [1, 0, 0]])
    >>> triangle = Graph([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    >>> is_unique([path, same, triangle])
    array([ True, False,  True])
    """
    samples = nonempty_graphs(samples, "samples")
    return first_of_each(isomorphism_classes(LabelledGraphs.of(samples)))


def is_novel(samples: Any, train: Any) -> NDArray[np.bool_]:
    """Return whether no graph of the training set is isomorphic to each sample.

    Parameters
    ----------
    samples : list of Graph
        Graphs that are judged, as for :func:`is_unique`.
    train : list of Graph
        Graphs that the generator was fitted to, with the same columns.

    Returns
    -------
    ndarray of shape (n_samples,), bool
        Its mean is the novelty of the samples.

    Raises
    ------
    TypeError
        If an argument is not a list of graphs.
    ValueError
        If a list is empty, a graph has no node, or the columns of graphs differ.

    See Also
    --------
    is_unique : Comparison of the samples with each other.

    Examples
    --------
    Two nodes with different labels, of which the second attends to the first:

    >>> from skattn import Graph
    >>> from skattn.metrics import is_novel
    >>> train = [Graph([[0, 0], [1, 0]], [[6], [8]])]
    >>> renumbered = Graph([[0, 1], [0, 0]], [[8], [6]])
    >>> reversed_edge = Graph([[0, 1], [0, 0]], [[6], [8]])
    >>> is_novel([renumbered, reversed_edge], train)
    array([False,  True])
    """
    samples = nonempty_graphs(samples, "samples")
    train = nonempty_graphs(train, "train")
    classes = isomorphism_classes(LabelledGraphs.of([*train, *samples]))
    return classes[len(train) :] >= len(train)


def first_of_each(classes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether each entry is the first with its value."""
    first = np.zeros(len(classes), bool)
    first[np.unique(classes, return_index=True)[1]] = True
    return first
