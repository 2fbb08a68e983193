"""File format of graphs and estimators, without pickle.

An array file with a header of the name of the class, the version of the format, a
unique id and the packed state.
"""

import os
from typing import Any
from uuid import uuid4

from skattn.graph._array_file import (
    NotAnArrayFileError,
    pages_dropped,
    read_arrays,
    write_arrays,
)
from skattn.graph._packing import PLAIN, Arrays, Parts, pack, unpack

VERSION = 1
"""Version of the format; files of other versions raise ValueError."""

MALFORMED = (
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    RuntimeError,
)
"""Exceptions that malformed content may raise."""


def write_record(
    path: str | os.PathLike[str], owner: str, state: Any, parts: Parts = PLAIN
) -> None:
    """Write a state, packed by `pack`; replace an existing file once complete.

    `owner` is the name of the class whose ``load`` reads the file. Raises TypeError if
    the state holds an instance of a class that is not in `parts`, or is nested deeply.
    """
    arrays = Arrays()
    try:
        packed = pack(state, parts, arrays, owner)
    except RecursionError:
        raise TypeError(
            f"{owner} must not hold values that contain themselves or are nested a "
            "hundred times to be saved. Replace them, or use joblib.dump."
        ) from None
    head = {"owner": owner, "version": VERSION, "stamp": uuid4().hex, "state": packed}
    write_arrays(path, head, arrays)


def read_record(
    path: str | os.PathLike[str],
    owner: str,
    parts: Parts = PLAIN,
    *,
    mmap: bool = False,
    verify: bool = True,
) -> tuple[Any, str]:
    """Return the state and the unique id of a file from `write_record`.

    With `mmap`, arrays are memory-mapped; their checksums are compared if `verify`.
    Raises ValueError if the file is damaged, or of another class, version or format.
    """
    path = os.fspath(path)
    try:
        head, arrays = read_arrays(path, mmap=mmap, verify=verify)
        found, version, stamp = head["owner"], head["version"], head["stamp"]
        if not (type(found) is type(stamp) is str and type(version) is int):
            raise ValueError("it has another header")
    except (NotAnArrayFileError, *MALFORMED) as error:
        raise damaged(path, owner, error) from error
    if found != owner:
        raise ValueError(
            f"{path!r} must be a file that {owner}.save wrote, got one of "
            f"{found}.save. Open it with {found}.load."
        )
    if version != VERSION:
        raise ValueError(
            f"{path!r} must hold version {VERSION} of the format, got version "
            f"{version!r}. Open it with the version of skattn that wrote it, or save "
            "it again with this version."
        )
    try:
        with pages_dropped(arrays):
            return unpack(head["state"], parts, Arrays(arrays)), stamp
    except MALFORMED as error:
        raise damaged(path, owner, error) from error


def damaged(
    path: str | os.PathLike[str], owner: str, error: BaseException
) -> ValueError:
    """Return the exception for a file with unexpected content."""
    return ValueError(
        f"{str(path)!r} must be a file that {owner}.save wrote; it is damaged or "
        f"something else: {error}. Save it again; open a pickle with joblib.load."
    )
