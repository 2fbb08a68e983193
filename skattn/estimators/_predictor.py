"""Base of the classifier and the regressor: ``fit`` and ``predict``."""

from functools import partial
from numbers import Integral, Real
from typing import ClassVar

from sklearn.metrics import get_scorer_names

from skattn._compat_sklearn import (
    HasMethods,
    Interval,
    StrOptions,
    _fit_context,
    with_callbacks,
)
from skattn.estimators._base import REQUESTED, GraphAttentionEstimator
from skattn.estimators._supervised import FitArguments, plan_supervised
from skattn.estimators._transaction import fit


class GraphAttentionPredictor(GraphAttentionEstimator):
    """Base of the classifier and the regressor.

    A subclass sets ``_label_reader``, which converts y to the labels of the network.
    """

    __metadata_request__fit = REQUESTED
    __metadata_request__predict = REQUESTED
    __metadata_request__predict_proba = REQUESTED
    __metadata_request__predict_log_proba = REQUESTED
    __metadata_request__score = REQUESTED

    _parameter_constraints: ClassVar[dict] = {
        **GraphAttentionEstimator._parameter_constraints,
        "unlabeled": "no_validation",
        "label_inputs": ["boolean", StrOptions({"auto"})],
        "readout": [StrOptions({"attention", "mean", "sum", "max", "hierarchical"})],
        "early_stopping": [
            StrOptions({"auto"}),
            "boolean",
            Interval(Real, 0, 1, closed="neither"),
        ],
        "scoring": [StrOptions(set(get_scorer_names())), callable, None],
        "pretrained": [HasMethods(["fit", "transform"]), None],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
    }

    _learned_attributes = GraphAttentionEstimator._learned_attributes | {
        "_label_encoding_"
    }

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        adjacency=None,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
    ):
        """Fit to rows of a table, target nodes of a graph, graphs or sequences.

        Parameters
        ----------
        X : Graph, list, or array-like or sparse matrix of shape (n_rows, n_features)
            One of

            * a graph or a view ``G[train]``: its targets have the labels y, all other
              nodes are context;
            * a list of graphs, which have the same features and descriptors;
            * a list of sequences, arrays (n_steps, n_features) of any length, or an
              array (n_sequences, n_steps, n_features); padding with NaN is ignored;
            * a table. Its rows are the nodes of ``adjacency`` if it is given; else they
              join the parameter ``graph`` by node label if it is set; else a k-NN graph
              is made.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Labels of the rows, target nodes, graphs or sequences. Where rows are nodes
            with labels, a Series or DataFrame with these as index is aligned with them;
            elsewhere, as in a plain table, the order decides.
        sample_weight : array-like of shape (n_rows,), optional
            Weights of the rows in the loss, aligned as ``y``.
        adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
            Graph of the rows: row ``i`` attends to row ``j`` where
            ``adjacency[i, j] != 0``. A DataFrame with the index of X is aligned with X.
        X_val : like X, optional
            Validation data, evaluated after each epoch: another view of the same graph,
            another graph, other graphs or sequences, or other rows, which join as in
            ``predict``. Not with ``adjacency``.
        y_val : like y, optional
            Labels of ``X_val``.
        sample_weight_val : like sample_weight, optional
            Weights of the rows of ``X_val``.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError
            If X, or an entry of a list, cannot be converted to a graph.
        ValueError
            If the input is invalid, as if the labels of y are not those of the nodes;
            an earlier fit is then kept.
        MemoryError
            If a training step needs more memory than is available.
        KeyboardInterrupt
            If the user interrupts the training; the best weights so far are kept.
        """
        arguments = FitArguments(
            X, y, sample_weight, adjacency, X_val, y_val, sample_weight_val
        )
        return fit(
            self,
            partial(plan_supervised, arguments=arguments),
            X=X,
            y=y,
            adjacency=adjacency,
        )

    def predict(self, X, *, adjacency=None):
        """Predict the labels of rows, target nodes, graphs or sequences.

        Parameters
        ----------
        X : Graph, list, or array-like or sparse matrix of shape (n_rows, n_features)
            The same kind of input as in ``fit``. New rows of a table attend to the
            fitted rows only; graphs and sequences are independent of each other.
        adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
            Adjacency over these rows; required if and only if ``fit`` was given one.

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_outputs)
            Predicted labels, one per row, target node, graph or sequence.

        Raises
        ------
        ValueError
            If the input differs from that of ``fit`` in kind or in its features, or an
        output is not finite because features are too large.
        NotFittedError
            If called before ``fit``.
        """
        outputs = self._outputs(X, adjacency)
        return self._label_encoding_.predict(outputs)
