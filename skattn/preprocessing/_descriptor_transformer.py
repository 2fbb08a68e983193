"""Application of transformers to descriptors."""

from skattn.preprocessing._descriptors import GraphDescriptors
from skattn.preprocessing._inner_transformer import InnerTransformer


class DescriptorTransformer(InnerTransformer):
    """Apply a scikit-learn transformer to the descriptors of a list of graphs.

    The descriptors form one table, with one row per graph; in cross-validation, the
    transformer is fitted on the graphs of the training folds.

    Estimators standardise descriptors themselves; use this transformer for everything
    else, such as the imputation of missing values, a logarithm or a selection.

    Parameters
    ----------
    transformer : estimator
        Transformer of tables, such as :class:`~sklearn.impute.SimpleImputer`, a
        ColumnTransformer or a Pipeline. It is cloned, not modified.

    Attributes
    ----------
    transformer_ : estimator
        The fitted clone.
    n_features_in_ : int
        Number of descriptors.
    feature_names_in_ : ndarray of shape (``n_features_in_``,)
        Names of the descriptors, if they have names and pandas is installed; the table
        is then a DataFrame.

    See Also
    --------
    NodeTransformer : The same for node features.
    EdgeTransformer : The same for edge features.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.impute import SimpleImputer
    >>> from skattn import Graph
    >>> from skattn.preprocessing import DescriptorTransformer
    >>> graphs = [Graph([[0]], descriptors=[value]) for value in (1, np.nan, 5)]
    >>> imputed = DescriptorTransformer(SimpleImputer()).fit_transform(graphs)
    >>> [graph.descriptors.tolist() for graph in imputed]
    [[1.0], [3.0], [5.0]]
    """

    def _table(self, X):
        table = GraphDescriptors.of(X, type(self).__name__)
        names = getattr(self, "feature_names_in_", None)
        return table if names is None else table.in_order(names)
