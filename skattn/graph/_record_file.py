"""File format of graphs and estimators, without pickle.

An array file with a header of the name of the class, the version of the format, a
unique id and the packed state.
"""

import os
from typing import Any
from uuid import uuid4

from numpy.typing import NDArray

from skattn.graph._array_file import NotAnArrayFileError, read_arrays, write_arrays
from skattn.graph._packing import PLAIN, Parts, pack, unpack

VERSION = 1
"""Version of the format; files of other versions raise ValueError."""

MALFORMED = (
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
)
"""Exceptions that malformed content may raise."""


def write_record(
    path: str | os.PathLike[str], owner: str, state: Any, parts: Parts = PLAIN
) -> None:
    """Write a state, packed by `pack`; replace an existing file once complete.

    `owner` is the name of the class whose ``load`` reads the file. Raises TypeError if
    the state holds an instance of a class that is not in `parts`.
    """
    arrays: list[NDArray[Any]] = []
    head = {
        "owner": owner,
        "version": VERSION,
        "stamp": uuid4().hex,
        "state": pack(state, parts, arrays, owner),
    }
    write_arrays(path, head, arrays)


def read_record(
    path: str | os.PathLike[str],
    owner: str,
    parts: Parts = PLAIN,
    *,
    mmap: bool = False,
) -> tuple[Any, str]:
    """Return the state and the unique id of a file from `write_record`.

    With `mmap`, arrays are memory-mapped and their checksums not compared. Raises
    ValueError if the file is damaged, or of another class, version or format.
    """
    path = os.fspath(path)
    try:
        head, arrays = read_arrays(path, mmap=mmap)
        found, version, stamp = head["owner"], head["version"], head["stamp"]
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
        return unpack(head["state"], parts, arrays), stamp
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
