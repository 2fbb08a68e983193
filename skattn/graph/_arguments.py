"""Checks of numbers, names and truth values among arguments."""

from reprlib import repr as short
from typing import Any

import numpy as np

from skattn.graph._data_objects import type_name


def as_count(value: Any, name: str, *, least: int = 1, remedy: str = "") -> int:
    """Return a whole number; raise TypeError for others, ValueError below `least`."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool):
        raise TypeError(
            f"{name} must be a whole number, got {short(value)} ({type_name(value)})."
        )
    if value < least:
        raise ValueError(
            f"{name} must be at least {least}, got {value}. {remedy}".strip()
        )
    return int(value)


def check_choice(value: Any, choices: tuple[Any, ...], name: str) -> None:
    """Raise ValueError unless a value is one of some texts, numbers and None."""
    plain = value is None or isinstance(value, str | int)
    if not plain or value not in choices:
        raise ValueError(f"{name} must be one of {choices}, got {short(value)}.")


def check_flag(value: Any, name: str) -> None:
    """Raise TypeError unless a value is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(
            f"{name} must be True or False, got {short(value)} ({type_name(value)})."
        )
