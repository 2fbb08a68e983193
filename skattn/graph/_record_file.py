"""Files of graphs and estimators: one format, one version, no pickle.

An array file whose head names the class that wrote it, the version of the format, a
unique id of the file, and the packed state.
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
"""Errors raised by malformed content."""


def write_record(
    path: str | os.PathLike[str], owner: str, state: Any, parts: Parts = PLAIN
) -> None:
    """Write a state to a file; an old one stays until the new one is complete.

    Parameters
    ----------
    path : str or os.PathLike
        The file.
    owner : str
        Name of the class whose ``load`` reads it.
    state : object
        A value that `pack` can convert.
    parts : mapping of str to Part
        Decomposition of the classes in `state`.

    Raises
    ------
    TypeError
        If `state` holds an instance of another class.
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
    """Read a file of `write_record`.

    Parameters
    ----------
    path : str or os.PathLike
        The file.
    owner : str
        Name of the class that must have written it.
    parts : mapping of str to Part
        As at writing.
    mmap : bool, default=False
        Whether arrays are mapped, and their checksums not compared.

    Returns
    -------
    state : object
        The state.
    stamp : str
        Unique id of the file.

    Raises
    ------
    ValueError
        If the file is damaged, of another version or class, or of another program.
    """
    path = os.fspath(path)
    try:
        head, arrays = read_arrays(path, mmap=mmap)
        found, version, stamp = head["owner"], head["version"], head["stamp"]
    except (NotAnArrayFileError, *MALFORMED) as error:
        raise damaged(path, owner, error) from error
    if found != owner:
        raise ValueError(
            f"{path!r} must be a file that {owner}.save wrote, got one that "
            f"{found}.save wrote. Open it with {found}.load."
        )
    if version != VERSION:
        raise ValueError(
            f"{path!r} must hold version {VERSION} of the format, got version "
            f"{version!r}. Open it with the skattn that wrote it, or write it again "
            "with this one."
        )
    try:
        return unpack(head["state"], parts, arrays), stamp
    except MALFORMED as error:
        raise damaged(path, owner, error) from error


def damaged(
    path: str | os.PathLike[str], owner: str, error: BaseException
) -> ValueError:
    """Return the error of a file with unexpected content."""
    return ValueError(
        f"{str(path)!r} must be a file that {owner}.save wrote; it is damaged or "
        f"something else: {error}. Write it again; a pickle opens with joblib.load."
    )
