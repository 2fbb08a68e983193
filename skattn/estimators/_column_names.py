"""Names of the columns of a table of names."""

from skattn._compat_sklearn import _check_feature_names
from skattn.graph._frames import is_frame
from skattn.graph._name_table import check_distinct_columns


def check_columns(estimator, X, name="X", *, reset=False):
    """Check the names of the columns of X against those of ``fit``, or learn them.

    Raises
    ------
    ValueError
        If names are repeated, or are not those of ``fit``.
    """
    if is_frame(X):
        check_distinct_columns(X, name)
    _check_feature_names(estimator, X, reset=reset)
