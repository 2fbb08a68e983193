"""Any transformer of tables, on the node features of a graph."""

from typing import ClassVar

from sklearn.base import BaseEstimator, TransformerMixin, _fit_context, clone
from sklearn.utils._indexing import _safe_indexing
from sklearn.utils.validation import check_is_fitted

from skattn.graph import Graph


class NodeTransformer(TransformerMixin, BaseEstimator):
    """Transform the node features of a graph, fitted on the targets alone.

    In a search or a cross-validation the targets are the training fold's nodes, so
    that nothing is learned from the others, while the features of all nodes, targets
    and context, are transformed.

    Parameters
    ----------
    transformer : estimator
        Any scikit-learn transformer of tables, a ColumnTransformer or a Pipeline
        included. It is cloned, not changed.

    Attributes
    ----------
    transformer_ : estimator
        The fitted clone.
    n_features_in_ : int
        Number of node features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if they had any.

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skattn import Graph
    >>> from skattn.preprocessing import NodeTransformer
    >>> graph = Graph([[0, 1], [1, 0]], [[1.0], [3.0]])
    >>> NodeTransformer(StandardScaler()).fit_transform(graph).X
    array([[-1.],
           [ 1.]])
    """

    _parameter_constraints: ClassVar[dict] = {"transformer": "no_validation"}

    def __init__(self, transformer):
        self.transformer = transformer

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit the transformer to the features of the targets.

        Parameters
        ----------
        X : Graph of shape (n_targets, n_features)
            A graph or a view of one, with features.
        y : array-like of shape (n_targets,), optional
            Answers, for transformers that use them.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        TypeError
            If X is no Graph.
        ValueError
            If the graph has no features.
        """
        features = _safe_indexing(_features(X), X.targets)
        self.transformer_ = clone(self.transformer).fit(features, y)
        self.n_features_in_ = X.n_features
        names = getattr(self.transformer_, "feature_names_in_", None)
        vars(self).pop("feature_names_in_", None)
        if names is not None:
            self.feature_names_in_ = names
        return self

    def transform(self, X):
        """Transform the features of all nodes.

        Parameters
        ----------
        X : Graph of shape (n_targets, n_features)
            A graph or a view of one, with as many features as at ``fit``.

        Returns
        -------
        Graph of shape (n_targets, n_features_out)
            The same graph and targets with other features.

        Raises
        ------
        TypeError
            If X is no Graph.
        ValueError
            If it has another number of features than at ``fit``.
        """
        check_is_fitted(self)
        return X.with_features(self.transformer_.transform(_features(X)))

    def get_feature_names_out(self, input_features=None):
        """Name the features that come out.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            As for the transformer inside.

        Returns
        -------
        ndarray of str
            Its names.
        """
        check_is_fitted(self)
        return self.transformer_.get_feature_names_out(input_features)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.no_validation = True  # X is a Graph: checks of tables do not apply
        tags.input_tags.two_d_array = False
        return tags


def _features(graph):
    if not isinstance(graph, Graph):
        raise TypeError(
            "NodeTransformer needs X to be a Graph, got "
            f"{type(graph).__name__}. A table goes to the transformer itself."
        )
    if graph.X is None:
        raise ValueError(
            f"NodeTransformer needs a graph with features, got {graph!r}. Give them: "
            "graph.with_features(X)."
        )
    return graph.X
