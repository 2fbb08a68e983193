"""Cross-validation with unlabelled rows."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.model_selection import BaseCrossValidator, check_cv
from sklearn.utils import check_consistent_length
from sklearn.utils.multiclass import type_of_target

from skattn._compat_sklearn import _safe_indexing
from skattn.graph._unknown_labels import (
    check_mark,
    check_one_type,
    is_missing,
    read_labels,
)


class LabelledFold(BaseCrossValidator):  # type: ignore[misc]
    """Cross-validation splitter for partially labelled data.

    Labelled rows are split into folds; unlabelled rows are in every training set. Pass
    it as ``cv=`` to :func:`~sklearn.model_selection.cross_val_score` or to a search.

    Parameters
    ----------
    cv : int or splitter, default=5
        Number of folds, or a scikit-learn splitter for the labelled rows. A number
        means StratifiedKFold if ``y`` holds classes, else KFold. For a regressor of
        integers, pass ``KFold(5)``.
    unlabeled : object, default=-1
        Value of ``y`` that marks a missing label, NaN for regressors. NaN stands for
        any missing value: None, NaN, NA, NaT. Masked entries are missing too. None: all
        labels are known. With several outputs, a row is unlabelled if all its entries
        are.

    Examples
    --------
    >>> import numpy as np
    >>> from skattn.graph import LabelledFold
    >>> y = np.array([0, -1, 1, 0, 1, -1])
    >>> for train, test in LabelledFold(2).split(np.zeros((6, 1)), y):
    ...     print(train, test)
    [1 3 4 5] [0 2]
    [0 1 2 5] [3 4]
    """

    __metadata_request__split = {"groups": True}
    __metadata_request__get_n_splits = {"groups": True}

    def __init__(self, cv: Any = 5, unlabeled: Any = -1) -> None:
        self.cv = cv
        self.unlabeled = unlabeled

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield the positions of training and test rows.

        Parameters
        ----------
        X : Graph, array-like or DataFrame with n_rows rows
            The rows to split.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            Labels; missing ones are ``unlabeled``.
        groups : array-like of shape (n_rows,) or None, default=None
            Groups of the rows, for splitters that use them.

        Yields
        ------
        train : ndarray of shape (n_train,), int64
            Sorted positions, including those of all unlabelled rows.
        test : ndarray of shape (n_test,), int64
            Positions of labelled rows.

        Raises
        ------
        ValueError
            If ``y`` is None, has no label, has missing values other than
            ``unlabeled``, or texts beside other labels, or if the arguments differ in
            their number of rows.
        """
        labelled, y = self._labelled(y)
        check_consistent_length(X, y, groups)
        rest = np.setdiff1d(np.arange(len(y)), labelled)
        inner = (_rows(each, labelled) for each in (X, y, groups))
        for train, test in self._inner(y, labelled).split(*inner):
            yield np.sort(np.concatenate([labelled[train], rest])), labelled[test]

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds.

        Parameters
        ----------
        X : Graph, array-like or DataFrame with n_rows rows, or None
            Required if the wrapped splitter depends on the rows.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs), or None
            Required if the wrapped splitter depends on the rows.
        groups : array-like of shape (n_rows,) or None, default=None
            Required if the wrapped splitter depends on the groups.

        Returns
        -------
        int
            Number of folds.
        """
        if y is None:
            return int(check_cv(self.cv).get_n_splits(X, None, groups))
        labelled, y = self._labelled(y)
        check_consistent_length(X, y, groups)
        inner = (_rows(each, labelled) for each in (X, y, groups))
        return int(self._inner(y, labelled).get_n_splits(*inner))

    def _labelled(self, y: Any) -> tuple[NDArray[np.int64], Any]:
        """Return the labelled rows, and y as the wrapped splitter gets it."""
        if y is None:
            raise ValueError(
                "LabelledFold needs y, got None. Pass y with "
                f"{self.unlabeled!r} for rows without a label."
            )
        values, known = read_labels(y, self.unlabeled)
        check_mark(values, known, self.unlabeled)
        check_one_type(values[known])
        rows = np.flatnonzero(known.any(axis=tuple(range(1, known.ndim))))
        if len(rows) == 0:
            raise ValueError(
                "LabelledFold needs labelled rows, got none: every entry of y is "
                f"{self.unlabeled!r}. Set unlabeled= to the value of missing labels."
            )
        return rows, values if values.ndim == 1 else y

    def _inner(self, y: Any, labelled: NDArray[np.int64]) -> Any:
        number = isinstance(self.cv, (int, np.integer))
        if not number and not hasattr(self.cv, "get_n_splits"):
            raise TypeError(
                "cv must be a number of folds or a splitter, got "
                f"{type(self.cv).__name__}. Pass for example KFold(5)."
            )
        y = _rows(np.asarray(y), labelled)
        column = y.ndim == 1 or y.shape[1] == 1
        numbers = is_missing(self.unlabeled) and y.dtype.kind == "f"
        kinds = ("binary", "multiclass")
        with np.errstate(invalid="ignore"):  # numbers beyond those of integers
            classes = column and not numbers and type_of_target(y) in kinds
        return check_cv(self.cv, y, classifier=classes)


def _rows(values: Any, rows: NDArray[np.int64]) -> Any:
    if sparse.issparse(values):  # other formats have no rows
        values = values.tocsr()
    return None if values is None else _safe_indexing(values, rows)
