import ast
import importlib.util
import sys
from pathlib import Path

import pytest
from sklearn.base import BaseEstimator

import skattn
from skattn import _compat_sklearn

PACKAGE = Path(skattn.__file__).parent


COMPAT = {
    "joblib": "estimators/_dask.py",
    "numba": "_compat_numba.py",
    "sklearn": "_compat_sklearn.py",
    "torch": "_compat_torch.py",
}
"""File that may import private names, by library."""


def imports(path):
    """Yield the dotted names that a file imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_private(name):
    """Return whether a name is private in another library."""
    library, *inside = name.split(".")
    if library in {"skattn", "__future__"}:
        return False
    return name.startswith("numba.core.") or any(part[0] == "_" for part in inside)


def test_private_names_are_imported_in_one_file_per_library():
    found = {
        (name.split(".")[0], path.relative_to(PACKAGE).as_posix())
        for path in PACKAGE.rglob("*.py")
        for name in imports(path)
        if is_private(name)
    }
    assert found == set(COMPAT.items())


@pytest.fixture
def of_old_scikit_learn(monkeypatch):
    """The module as imported with a scikit-learn before 1.9."""
    monkeypatch.setitem(sys.modules, "sklearn.callback", None)
    html = "sklearn.utils._repr_html"
    monkeypatch.setitem(sys.modules, f"{html}.common", None)
    monkeypatch.setitem(sys.modules, f"{html}.fitted_attributes", None)
    spec = importlib.util.spec_from_file_location("again", _compat_sklearn.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_estimators_do_without_the_callback_protocol(of_old_scikit_learn):
    class Estimator(of_old_scikit_learn.CallbackSupportMixin):
        @of_old_scikit_learn.with_callbacks
        def fit(self, X):
            return X

    assert Estimator().fit(3) == 3
    assert not hasattr(Estimator, "set_callbacks")


def test_estimators_link_to_their_pages_without_fitted_attributes(of_old_scikit_learn):
    class Estimator(of_old_scikit_learn.FitTablesMixin, BaseEstimator):
        __module__ = "skattn.room._file"

    address = Estimator()._get_doc_link()
    assert address.startswith(of_old_scikit_learn.DOCUMENTATION)
    assert address.endswith("/skattn.room.Estimator.html")
