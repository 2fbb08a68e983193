"""Private and version-dependent names of scikit-learn.

No other file imports them, so that an upgrade breaks one file.
"""

from collections.abc import Callable
from typing import Any

from sklearn.base import _fit_context
from sklearn.utils import _safe_indexing
from sklearn.utils._missing import is_pandas_na, is_scalar_nan
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions
from sklearn.utils._set_output import _safe_set_output
from sklearn.utils.validation import (
    _check_feature_names,
    _check_feature_names_in,
    _check_n_features,
    _check_sample_weight,
    _num_samples,
)

__all__ = [
    "CallbackSupportMixin",
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "_check_feature_names",
    "_check_feature_names_in",
    "_check_n_features",
    "_check_sample_weight",
    "_fit_context",
    "_num_samples",
    "_safe_indexing",
    "_safe_set_output",
    "is_pandas_na",
    "is_scalar_nan",
    "with_callbacks",
]


class _NoCallbacks:
    """Stand-in for the callback mixin of newer versions: no ``set_callbacks``."""


def _unchanged(method: Callable[..., Any]) -> Callable[..., Any]:
    return method


try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # before scikit-learn 1.9
    CallbackSupportMixin, with_callbacks = _NoCallbacks, _unchanged
