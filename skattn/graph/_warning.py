"""Warnings that point to the user's line."""

import inspect
import warnings

_LIBRARIES = {"skattn", "sklearn", "skorch", "joblib", "torch", "contextlib"}
"""Packages that stand between the user and a warning."""


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning for the innermost line outside skattn and its libraries."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and _package_of(frame.f_globals) in _LIBRARIES:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _package_of(variables: dict[str, object]) -> str:
    return str(variables.get("__name__", "")).partition(".")[0]
