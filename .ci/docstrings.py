"""Check the docstring of every public name with numpydoc.

    python .ci/docstrings.py                            # every room
    python .ci/docstrings.py skattn.ops skattn.graph    # these rooms

Public names are the classes and functions in ``__all__`` of a package, and their
public methods and properties defined in skattn; each counts once. An override may
inherit the docstring of the base class; ``forward`` needs its own, because torch's does
not describe inputs and outputs. The checks are those of [tool.numpydoc_validation].
"""

import dataclasses
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
    """Yield the names of all public packages of skattn."""
    yield "skattn"
    for found in walk_packages(skattn.__path__, "skattn."):
        if found.ispkg and "._" not in found.name:
            yield found.name


def public_names(room):
    """Yield (import path, object) of the public names of a room, with methods."""
    package = import_module(room)
    for name in package.__all__:
        found = getattr(package, name)
        if inspect.isclass(found) or inspect.isfunction(found):
            yield f"{room}.{name}", found
        if inspect.isclass(found):
            for part, code in own_parts(found):
                yield f"{room}.{name}.{part}", code


def own_parts(cls):
    """Yield (name, function) of the methods and properties to be documented."""
    for name, part in inspect.getmembers_static(cls):
        code = function_of(part)
        written_here = inspect.isfunction(code) and of_skattn(code)
        if written_here and not name.startswith("_") and not overrides(cls, name):
            yield name, code


def function_of(part):
    """Return the function behind a method, class method or (cached) property."""
    for wrapped in ("__func__", "fget", "func"):
        part = getattr(part, wrapped, None) or part
    return part


def of_skattn(found):
    """Return whether an object is defined in skattn."""
    return str(getattr(found, "__module__", "")).startswith("skattn")


def overrides(cls, name):
    """Return whether a method overrides a documented one of a base class."""
    defining = [base for base in cls.__mro__ if name in base.__dict__]
    if name == "forward":  # torch's docstring does not describe inputs and outputs
        defining = [base for base in defining if of_skattn(base)]
    return any(getattr(base.__dict__[name], "__doc__", None) for base in defining[1:])


def each_once(public):
    """Yield each object once, with its first import path."""
    seen = set()
    for name, found in public:
        if found not in seen:
            seen.add(found)
            yield name, found


def problems(name, found, checks):
    """Yield a line for each violated rule in the docstring of a name."""
    # Fields have docstrings of their own.
    has_fields = dataclasses.is_dataclass(found) or hasattr(found, "_fields")
    for code, message in validate(name)["errors"]:
        if code in checks and not (code == "PR01" and has_fields):
            yield f"{name}: {code} {message}"


def main(wanted):
    """Print the problems in some rooms, by default in all; return their number."""
    text = Path(__file__).parent.parent.joinpath("pyproject.toml").read_text()
    config = tomllib.loads(text)["tool"]["numpydoc_validation"]
    checks = get_validation_checks(set(config["checks"]))
    exclude = re.compile("|".join(config["exclude"]))
    public = (item for room in wanted or rooms() for item in public_names(room))
    kept = [(name, found) for name, found in public if not exclude.search(name)]
    kept = list(each_once(kept))
    lines = [line for item in kept for line in problems(*item, checks)]
    print("\n".join([*lines, f"{len(kept)} public names, {len(lines)} problems"]))
    return len(lines)


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
