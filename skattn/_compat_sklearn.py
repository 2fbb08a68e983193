"""Private and version-dependent names of scikit-learn.

No other file imports them, so an upgrade can only break this one.
"""

import html
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from sklearn.base import _fit_context
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils import _safe_indexing
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions
from sklearn.utils._set_output import _get_output_config, _safe_set_output
from sklearn.utils.parallel import _get_threadpool_controller
from sklearn.utils.validation import (
    _check_feature_names,
    _check_feature_names_in,
    _check_n_features,
    _check_sample_weight,
    _num_samples,
)

__all__ = [
    "BaseSearchCV",
    "CallbackSupportMixin",
    "DocumentedMixin",
    "FitTablesMixin",
    "HasMethods",
    "Interval",
    "Options",
    "ReprRow",
    "ReprTable",
    "StrOptions",
    "_check_feature_names",
    "_check_feature_names_in",
    "_check_n_features",
    "_check_sample_weight",
    "_fit_context",
    "_get_output_config",
    "_num_samples",
    "_safe_indexing",
    "_safe_set_output",
    "effective_threads",
    "one_blas_thread",
    "with_callbacks",
]


def effective_threads() -> int:
    """Return the number of threads that scikit-learn's own loops would have."""
    number: int = _openmp_effective_n_threads()
    return number


def one_blas_thread() -> AbstractContextManager[Any]:
    """Limit BLAS to one thread within the context."""
    limit: AbstractContextManager[Any] = _get_threadpool_controller().limit(
        limits=1, user_api="blas"
    )
    return limit


class _NoCallbacks:
    """Empty replacement for the callback mixin of newer versions."""


def _unchanged(method: Callable[..., Any]) -> Callable[..., Any]:
    return method


try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # before scikit-learn 1.9
    CallbackSupportMixin, with_callbacks = _NoCallbacks, _unchanged

try:
    from sklearn.utils._repr_html.common import (
        generate_link_to_param_doc,
        get_docstring,
    )
    from sklearn.utils._repr_html.fitted_attributes import AttrsDict
except ImportError:  # before scikit-learn 1.9
    AttrsDict = dict

DOCUMENTATION = "https://skattn.github.io"
"""Address of the documentation, which has a folder for each version."""

_VERSION: str = import_module("skattn").__version__  # set before any room loads


def documentation_of(version: str) -> str:
    """Return the address of the documentation of a version of skattn."""
    folder = "dev" if "dev" in version else ".".join(version.split(".")[:2])
    return f"{DOCUMENTATION}/{folder}"


class DocumentedMixin:
    """Links to the documentation of skattn in scikit-learn's HTML repr."""

    _doc_link_module = "skattn"
    _doc_link_template = documentation_of(_VERSION) + "/api/generated/{name}.html"

    def _doc_link_url_param_generator(self) -> dict[str, str]:
        """Return the public name of the class, which its page is named after."""
        room = type(self).__module__.partition("._")[0]
        package = room.removesuffix(".estimators")  # documented at skattn
        return {"name": f"{package}.{type(self).__name__}"}


@dataclass(frozen=True)
class ReprRow:
    """A row of a table in an estimator's HTML repr."""

    name: str
    value: str
    """Text of the value."""
    owner: Any = None
    """Estimator with the parameter that the row is about, or None."""
    parameter: str = ""
    """Its name in `owner`, to whose documentation the row links."""


@dataclass(frozen=True)
class ReprTable:
    """A table in an estimator's HTML repr."""

    title: str
    rows: list[ReprRow]

    def html(self) -> str:
        """Return the table in the style of scikit-learn's tables."""
        return _TABLE.format(
            title=html.escape(self.title), rows="\n".join(map(_row_html, self.rows))
        )


class FitTablesMixin(DocumentedMixin):
    """Tables of a fit in scikit-learn's HTML repr, above the fitted attributes.

    Versions of scikit-learn before 1.9, which show no fitted attributes, do not show
    the tables either.
    """

    def _fit_tables(self) -> dict[str, ReprTable]:
        """Return tables by the fitted attributes that they show; {} before a fit."""
        raise NotImplementedError

    def _get_fitted_attr_html(self, doc_link: str = "") -> Any:
        """Return the fitted attributes, which scikit-learn converts to HTML."""
        attributes = super()._get_fitted_attr_html(doc_link)  # type: ignore[misc]
        tables = self._fit_tables()
        shown = {k: v for k, v in attributes.items() if k not in tables}
        found = _AttributesAndTables(
            fitted_attrs=shown, estimator_class=type(self), doc_link=doc_link
        )
        found.tables = list(tables.values())
        return found


class _AttributesAndTables(AttrsDict):  # type: ignore[misc]
    """Fitted attributes of an estimator, and the tables above them."""

    tables: list[ReprTable]

    def _html_repr(self) -> str:
        attributes: str = super()._html_repr()
        return "".join(table.html() for table in self.tables) + attributes


def _row_html(row: ReprRow) -> str:
    name = html.escape(row.name)
    return _ROW.format(name=_linked(row, name), value=html.escape(row.value))


def _linked(row: ReprRow, name: str) -> str:
    """Return the escaped name with a link to the parameter, if it has a page."""
    page = "" if row.owner is None else row.owner._get_doc_link()
    if not page:
        return f'<a class="param-doc-link" style="text-decoration:none;">{name}</a>'
    cls = type(row.owner)
    return _LINK.format(
        name=name,
        address=generate_link_to_param_doc(cls, row.parameter, page),
        description=get_docstring(cls, "Parameters", row.parameter),
    )


_TABLE = """
<div class="estimator-table">
  <details open>
    <summary>{title}</summary>
    <table class="parameters-table"><tbody>
{rows}
    </tbody></table>
  </details>
</div>
"""
_ROW = (
    '<tr class="default"><td class="param">{name}</td><td class="value">{value}</td>'
    "</tr>"
)
_LINK = (
    '<a class="param-doc-link" style="anchor-name: --fit-{name};" rel="noreferrer" '
    'target="_blank" href="{address}">{name}<span class="param-doc-description" '
    'style="position-anchor: --fit-{name};">{description}</span></a>'
)
