"""Check the docstring of every public name with numpydoc.

    python .ci/docstrings.py                            # every room
    python .ci/docstrings.py skattn.ops skattn.graph    # these rooms

Public is what a package lists in ``__all__``, with the public methods and properties
that it defines itself. The checks are those of [tool.numpydoc_validation].
"""

import inspect
import re
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

from numpydoc.validate import get_validation_checks, validate

import skattn


def rooms():
    """Yield the name of every package of skattn that is public."""
    yield "skattn"
    for found in walk_packages(skattn.__path__, "skattn."):
        if found.ispkg and "._" not in found.name:
            yield found.name


def public_names(room):
    """Yield the names that a room lists, and their methods, by import path."""
    package = import_module(room)
    for name in package.__all__:
        found = getattr(package, name)
        if inspect.ismodule(found):
            continue
        yield f"{room}.{name}"
        if inspect.isclass(found):
            yield from (f"{room}.{name}.{part}" for part in own_parts(found))


def own_parts(cls):
    """Yield the public methods and properties that skattn itself wrote for a class."""
    for name, part in inspect.getmembers_static(cls):
        part = getattr(part, "fget", None) or getattr(part, "func", None) or part
        part = getattr(part, "__func__", part)
        written_here = str(getattr(part, "__module__", "")).startswith("skattn")
        if not name.startswith("_") and inspect.isfunction(part) and written_here:
            yield name


def problems(name, checks, exclude):
    """Yield one line per broken rule in the docstring of ``name``."""
    if exclude.search(name):
        return
    for code, message in validate(name)["errors"]:
        if code in checks:
            yield f"{name}: {code} {message}"


def main(wanted):
    """Print the problems of the wanted rooms' names; return how many there are."""
    text = Path(__file__).parent.parent.joinpath("pyproject.toml").read_text()
    config = tomllib.loads(text)["tool"]["numpydoc_validation"]
    checks = get_validation_checks(set(config["checks"]))
    exclude = re.compile("|".join(config["exclude"]))
    names = [name for room in wanted or rooms() for name in public_names(room)]
    found = [line for name in names for line in problems(name, checks, exclude)]
    print("\n".join([*found, f"{len(names)} public names, {len(found)} problems"]))
    return len(found)


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
