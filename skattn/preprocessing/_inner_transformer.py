"""Base class of transformers that apply a transformer of tables inside a graph."""

from typing import ClassVar

from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils.validation import check_is_fitted

from skattn._compat_sklearn import (
    DocumentedMixin,
    HasMethods,
    _fit_context,
    _safe_set_output,
)
from skattn.graph._features import take_rows
from skattn.preprocessing._nodes import check_features


class InnerTransformer(DocumentedMixin, TransformerMixin, BaseEstimator):
    """Base class of `NodeTransformer`, `EdgeTransformer` and `DescriptorTransformer`.

    ``_table(X)`` of a subclass returns nodes, edges or graphs of the input as a table.
    """

    _parameter_constraints: ClassVar[dict] = {
        "transformer": [HasMethods(["fit", "transform"])]
    }

    def __init_subclass__(cls, **kwargs):
        # Graphs have no pandas or polars container.
        super().__init_subclass__(auto_wrap_output_keys=None, **kwargs)

    def __init__(self, transformer):
        self.transformer = transformer

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Fit the transformer to the features of the targets.

        Parameters
        ----------
        X : Graph of shape (n_targets, n_features) or list of Graph
            Graph, view or list of graphs, with features.
        y : array-like of shape (n_targets,) or (n_graphs,), optional
            Labels for supervised transformers. In a list, all nodes and edges of a
            graph have its label.

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
        table = self._table(X)
        rows = take_rows(table.features, table.rows)
        fitted = clone(self.transformer).fit(rows, table.labels(y))
        check_features(self, table.features, reset=True)
        self.transformer_ = fitted
        return self

    def transform(self, X):
        """Transform the features, those of the context included.

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
        table = self._table(X)
        check_features(self, table.features, reset=False)
        return table.with_features(self.transformer_.transform(table.features))

    def set_output(self, *, transform=None):
        """Set the container of the transformed features.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None, default=None
            Container that ``transformer`` returns. The node features ``X`` of a graph
            keep it, edge features are always an array.

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

    def _table(self, X):
        raise NotImplementedError

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.no_validation = True  # checks of tables do not apply
        tags.input_tags.two_d_array = False
        return tags
