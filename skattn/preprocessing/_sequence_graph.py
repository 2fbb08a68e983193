"""Transformer from sequences to graphs of their time steps."""

from numbers import Integral
from typing import ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skattn._compat_sklearn import (
    Interval,
    Options,
    StrOptions,
    _check_feature_names_in,
    _fit_context,
)
from skattn.graph._sequence_arrays import (
    Sequences,
    read_sequences,
    warn_of_channels_first,
)
from skattn.graph._sequences import POSITION_FEATURES, graphs_of_steps
from skattn.preprocessing._nodes import check_features
from skattn.preprocessing._to_graphs import ToGraphs


class SequenceGraph(ToGraphs):
    """Convert sequences to graphs of their time steps.

    Nodes are time steps. Estimators accept sequences directly and connect all steps, as
    the Transformer does; this transformer offers other patterns of attention, such as
    local (``connect="window"``) and masked (``connect="causal"``) attention.

    Parameters
    ----------
    connect : {"chain", "window", "causal", "complete"}, default="complete"
        Senders of a step besides itself. "chain": the two adjacent steps. "window":
        steps at most ``window`` away. "causal": earlier steps, at most ``window`` if it
        is set. "complete": all steps.
    window : int or None, default=None
        Number of steps, at least 1; required for "window", optional for "causal", not
        used for "chain" and "complete".
    position : {"sinusoidal"} or None, default="sinusoidal"
        Positional encoding. "sinusoidal": 8 columns, sine and cosine of ``t / 10**i``
        for i = 0, 1, 2, 3 (Vaswani et al. 2017), are appended to the features. None:
        no encoding.
    axis : {1, 2}, default=1
        Time axis of a three-dimensional array. 2 means (n_sequences, n_features,
        n_steps), as in aeon and sktime; sequences in a list are then (n_features,
        n_steps).

    Attributes
    ----------
    n_features_in_ : int
        Number of features per step.
    feature_names_in_ : ndarray of shape (``n_features_in_``,)
        Columns of the sequences, if these are DataFrames with names of text and
        ``axis`` is 1.

    See Also
    --------
    skattn.graph.sequence_graphs : The corresponding function.

    References
    ----------
    Vaswani et al., "Attention is all you need", NeurIPS 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skattn.preprocessing import SequenceGraph
    >>> sequences = [np.ones((4, 2)), np.ones((3, 2))]
    >>> SequenceGraph(connect="chain", position=None).fit_transform(sequences)
    [Graph(n_nodes=4, n_edges=10, n_features=2),
     Graph(n_nodes=3, n_edges=7, n_features=2)]
    """

    _parameter_constraints: ClassVar[dict] = {
        "connect": [StrOptions({"chain", "window", "causal", "complete"})],
        "window": [Interval(Integral, 1, None, closed="left"), None],
        "position": [StrOptions({"sinusoidal"}), None],
        "axis": [Options(Integral, {1, 2})],
    }

    def __init__(self, connect="complete", window=None, position="sinusoidal", axis=1):
        self.connect = connect
        self.window = window
        self.position = position
        self.axis = axis

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check the sequences and store the number of features.

        Parameters
        ----------
        X : list of array-like or DataFrame, or array-like of 3 dimensions
            Arrays (n_steps, n_features), which may differ in length, or one array.
            Steps at the end that are NaN in every column are padding and removed.
        y : object, optional
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        TypeError
            If a sequence is not numeric.
        ValueError
            If there is no sequence, or one is not two-dimensional, is all NaN or
            differs from the first in the number or names of its features, or if
            ``window`` is missing.

        Warns
        -----
        UserWarning
            If ``axis`` is 1 and the arrays look like (n_features, n_steps): see
            :func:`~skattn.graph.sequence_graphs`.
        """
        sequences = read_sequences(X, self.axis)
        first = Sequences([sequences.steps[0][:1]], sequences.frame)
        self._graphs(first)  # checks the combination of parameters
        check_features(self, first.table, reset=True)
        if self.axis == 1:
            warn_of_channels_first(sequences)
        return self

    def transform(self, X):
        """Convert each sequence to a graph.

        Parameters
        ----------
        X : list of array-like or DataFrame, or array-like of 3 dimensions
            Sequences with the features of ``fit``.

        Returns
        -------
        list of Graph
            One graph per sequence; node t is step t. NaN within a sequence is kept.

        Raises
        ------
        TypeError
            If a sequence is not numeric.
        ValueError
            As for ``fit``, or if the features differ from those of ``fit``.
        """
        check_is_fitted(self)
        sequences = read_sequences(X, self.axis)
        first = Sequences([sequences.steps[0][:1]], sequences.frame)
        check_features(self, first.table, reset=False)
        return self._graphs(sequences)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the node features.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the features; None means those of ``fit``, or x0, x1, ...

        Returns
        -------
        ndarray of str
            Names of the features, then ``position_sin_0``, ``position_cos_0``, ... if
            there is a positional encoding.
        """
        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)
        positions = () if self.position is None else POSITION_FEATURES
        return np.concatenate([names, np.array(positions, dtype=object)])

    def _graphs(self, sequences):
        return graphs_of_steps(
            sequences, connect=self.connect, window=self.window, position=self.position
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        return tags
