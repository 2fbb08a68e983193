import ast
import importlib.util
import sys
from pathlib import Path

import pytest

import skattn
from skattn import _compat_sklearn

PACKAGE = Path(skattn.__file__).parent


def private_imports(path):
    """Names of scikit-learn with a leading underscore that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                parts = [*node.module.split("."), alias.name]
                if parts[0] == "sklearn" and any(part[0] == "_" for part in parts):
                    yield f"{path.name}:{node.lineno} {alias.name}"


def test_private_names_of_scikit_learn_are_imported_in_one_file():
    others = [path for path in PACKAGE.rglob("*.py") if "_compat" not in path.name]
    assert [found for path in others for found in private_imports(path)] == []
    assert list(private_imports(Path(_compat_sklearn.__file__)))


@pytest.fixture
def without_callbacks(monkeypatch):
    """The module as a scikit-learn without callbacks makes it."""
    monkeypatch.setitem(sys.modules, "sklearn.callback", None)
    spec = importlib.util.spec_from_file_location("again", _compat_sklearn.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_estimators_do_without_the_callback_protocol(without_callbacks):
    class Estimator(without_callbacks.CallbackSupportMixin):
        @without_callbacks.with_callbacks
        def fit(self, X):
            return X

    assert Estimator().fit(3) == 3
    assert not hasattr(Estimator, "set_callbacks")
