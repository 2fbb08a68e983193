"""The base of the classifier and the regressor: ``fit`` and ``predict``."""

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

    ``_label_reader`` of a subclass converts y to the labels of the network.
    """

    __metadata_request__fit = REQUESTED
    __metadata_request__predict = REQUESTED
    __metadata_request__predict_proba = REQUESTED
    __metadata_request__score = REQUESTED

    _parameter_constraints: ClassVar[dict] = {
        **GraphAttentionEstimator._parameter_constraints,
        "unlabeled": "no_validation",
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
        """Fit to rows, targets of a graph, graphs or sequences.

        Parameters
        ----------
        X : Graph, list, or array-like or sparse matrix of shape (n_rows, n_features)
            A view of a graph, whose targets have the labels ``y`` while all its other
            nodes are context; a list of whole graphs, which agree in their features, or
            of sequences, arrays (n_steps, n_features) that may differ in length and be
            padded with NaN; an array (n_sequences, n_steps, n_features); or a table.
            The rows of a table become nodes: of ``adjacency`` if given; of the
            parameter ``graph``, joined by node label, if set; else of a k-NN graph.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Labels, one per row, target, graph or sequence.
        sample_weight : array-like of shape (n_rows,), optional
            Weights of the rows in the loss.
        adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
            ``adjacency[i, j] != 0`` means that row ``i`` attends to row ``j``.
        X_val : like X, optional
            Validation input, evaluated after each epoch: another view of the same
            graph, another graph, other graphs or sequences, or a table whose rows join
            as at predict.
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
            If the input is invalid; an earlier fit is then kept.
        MemoryError
            If a training step needs more memory than is available.
        KeyboardInterrupt
            If the user stops the training; the best weights so far are kept.
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
        """Predict the labels of rows, targets of a graph, graphs or sequences.

        Parameters
        ----------
        X : Graph, list, or array-like or sparse matrix of shape (n_rows, n_features)
            The same kind of input as at ``fit``. New rows of a table attend to fitted
            rows, never to each other; graphs and sequences are independent.
        adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
            Adjacency over these rows; required if and only if ``fit`` was given one.

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_outputs)
            Predicted labels, one per row, target, graph or sequence.

        Raises
        ------
        ValueError
            If the input is of another kind or width than at ``fit``.
        NotFittedError
            If called before ``fit``.
        """
        outputs = self._outputs(X, adjacency)
        return self._label_encoding_.predict(outputs)
