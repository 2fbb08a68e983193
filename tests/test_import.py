import subprocess
import sys
from pathlib import Path

import pytest

import skattn


def run(code):
    """Run code in a new interpreter and return its output."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_importing_skattn_loads_nothing_heavy():
    heavy = {"torch", "skorch", "numba", "pandas", "sklearn", "scipy", "networkx"}
    loaded = run("import skattn, sys; print(*sys.modules)").split()
    assert "skattn" in loaded
    assert heavy.isdisjoint(loaded)


@pytest.mark.parametrize("room", ["graph", "datasets", "metrics"])
def test_the_numpy_rooms_load_no_torch(room):
    loaded = run(f"import sys, skattn; skattn.{room}; print(*sys.modules)").split()
    assert f"skattn.{room}" in loaded
    assert {"torch", "skorch", "networkx"}.isdisjoint(loaded)


def test_the_numpy_rooms_work_without_pandas_networkx_and_matplotlib():
    missing = (
        "import sys; sys.modules.update(pandas=None, networkx=None, matplotlib=None)"
    )
    work = (
        "from skattn.datasets import load_weather_stations as load; print(load().graph)"
    )
    assert "144" in run(f"{missing}\n{work}")


def test_dir_lists_the_public_names_and_the_rooms():
    listed = run("import skattn; print(*dir(skattn))").split()
    assert {*skattn.__all__, "graph", "ops", "__version__"} <= set(listed)


def test_every_public_name_loads_on_first_use():
    code = (
        "import skattn; print(*(getattr(skattn, n).__name__ for n in skattn.__all__))"
    )
    assert run(code).split() == skattn.__all__


def test_a_star_import_gives_the_public_names():
    namespace = {}
    exec("from skattn import *", namespace)
    assert set(skattn.__all__) <= set(namespace)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Grahp'"):
        skattn.Grahp  # noqa: B018
    assert not hasattr(skattn, "Grahp")


def test_every_benchmark_finds_its_imports():
    root = Path(__file__).parents[1]
    names = sorted(f"benchmarks.{file.stem}" for file in root.glob("benchmarks/*.py"))
    assert "benchmarks.defaults" in names
    code = f"import sys; sys.path.insert(0, {str(root)!r}); import {', '.join(names)}"
    assert run(code) == ""
