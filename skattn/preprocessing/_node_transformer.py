"""Application of transformers to node features."""

from typing import ClassVar

from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from skattn._compat_sklearn import (
    DocumentedMixin,
    HasMethods,
    _fit_context,
    _safe_indexing,
    _safe_set_output,
)
from skattn.preprocessing._nodes import Nodes, check_features


class NodeTransformer(
    DocumentedMixin,
    TransformerMixin,
    BaseEstimator,
    auto_wrap_output_keys=None,  # type: ignore[call-arg] # sklearn is untyped
):
    """Apply a scikit-learn transformer to node features.

    The transformer is fitted on the features of the target nodes (in cross-validation,
    those of the training folds) and transforms the features of all nodes. The nodes of
    a list of graphs form one table.

    Parameters
    ----------
    transformer : estimator
        Transformer of tables, such as
        :class:`~sklearn.preprocessing.StandardScaler`, a ColumnTransformer or a
        Pipeline. It is cloned, not modified.

    Attributes
    ----------
    transformer_ : estimator
        The fitted clone.
    n_features_in_ : int
        Number of node features.
    feature_names_in_ : ndarray of shape (``n_features_in_``,)
        Names of the node features, if ``X`` of the graph is a DataFrame.

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

    _parameter_constraints: ClassVar[dict] = {
        "transformer": [HasMethods(["fit", "transform"])]
    }

    def __init__(self, transformer):
        self.transformer = transformer

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit the transformer to the features of the target nodes.

        Parameters
        ----------
        X : Graph of shape (n_targets, n_features) or list of Graph
            Graph, view or list of graphs, with features.
        y : array-like of shape (n_targets,) or (n_graphs,), optional
            Labels for supervised transformers. In a list, the nodes of a graph have its
            label.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        TypeError
            If X is not a Graph or a list of graphs.
        ValueError
            If the graphs have no features or different ones.
        """
        nodes, features = self._read(X)
        rows = _safe_indexing(features, nodes.graph.targets)
        fitted = clone(self.transformer).fit(rows, nodes.labels(y))
        check_features(self, features, reset=True)
        self.transformer_ = fitted
        return self

    def transform(self, X):
        """Transform the features of all nodes.

        Parameters
        ----------
        X : Graph of shape (n_targets, n_features) or list of Graph
            Graph, view or list of graphs, with the features of ``fit``.

        Returns
        -------
        Graph of shape (n_targets, n_features_out) or list of Graph
            Input with transformed features and the same targets.

        Raises
        ------
        TypeError
            If X is not a Graph or a list of graphs.
        ValueError
            If the features differ from those of ``fit``.
        """
        check_is_fitted(self)
        nodes, features = self._read(X)
        check_features(self, features, reset=False)
        return nodes.with_features(self.transformer_.transform(features))

    def set_output(self, *, transform=None):
        """Set the container of the transformed features.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None, default=None
            Container of ``X`` in the returned graphs, set on ``transformer``.

        Returns
        -------
        self : object
            The transformer itself.
        """
        _safe_set_output(self.transformer, transform=transform)
        if hasattr(self, "transformer_"):
            _safe_set_output(self.transformer_, transform=transform)
        return self

    def get_feature_names_out(self, input_features=None):
        """Return the names of the transformed features.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Passed to ``transformer``.

        Returns
        -------
        ndarray of str
            Names from ``transformer``.
        """
        check_is_fitted(self)
        return self.transformer_.get_feature_names_out(input_features)

    def _read(self, X):
        nodes = Nodes.of(X, type(self).__name__)
        if nodes.graph.X is None:
            raise ValueError(
                f"NodeTransformer needs a graph with features, got {nodes.graph!r}. "
                "Use graph.with_features(X)."
            )
        return nodes, nodes.graph.X

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.no_validation = True  # checks of tables do not apply
        tags.input_tags.two_d_array = False
        return tags
