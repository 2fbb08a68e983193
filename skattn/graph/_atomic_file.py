"""Files that are replaced as a whole."""

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

_NO_UNNAMED_FILES = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL)
"""Errors of `os.open` on file systems without unnamed files."""


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file for writing that replaces `path` when the block has ended.

    The old file stays until the new one is on disk, and if the block raises. The new
    one has its permissions; of a symbolic link, the target is replaced. A process that
    is killed leaves no file or, where the system has no unnamed files, one that the
    next replacement removes.

    Parameters
    ----------
    path : str or os.PathLike
        Name of the file, with up to 255 bytes as file systems allow.

    Yields
    ------
    file
        Binary file, empty.

    Raises
    ------
    OSError
        If `path` is a folder or a device, or the folder cannot be written to.
    """
    path = Path(os.path.realpath(Path(path)))
    mode = _permissions(path)
    digest = blake2b(os.fsencode(path.name), digest_size=8).hexdigest()
    parts = path.with_name(f".{digest}")
    _remove_orphans(parts)
    fd = _open_unnamed(path.parent)
    part = None
    if fd is None:
        fd, part = _open_part(parts)
    try:
        with os.fdopen(fd, "w+b") as file:
            yield file
            file.flush()
            if mode is not None:
                os.fchmod(fd, mode)
            os.fsync(fd)  # the content is on disk before the name
            if part is None:
                part = _link(fd, parts)
            part.replace(path)
    except BaseException:
        if part is not None:
            part.unlink(missing_ok=True)
        raise


def _permissions(path: Path) -> int | None:
    """Return the permissions of a regular file, None if there is none."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "must be a regular file to be replaced", str(path))
    return stat.S_IMODE(mode)


def _open_unnamed(folder: Path) -> int | None:
    """Open a file without a name, None if the system has none."""
    if not hasattr(os, "O_TMPFILE") or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o666)
    except OSError as error:
        if error.errno in _NO_UNNAMED_FILES:
            return None
        raise


def _link(fd: int, parts: Path) -> Path:
    """Give an unnamed file a name, by which it can replace another."""
    _lock(fd)
    part = _part_name(parts)
    source = f"/proc/self/fd/{fd}"
    os.link(source, part, src_dir_fd=fd, follow_symlinks=True)  # linkat: follows
    return part


def _open_part(parts: Path) -> tuple[int, Path]:
    """Open a new file with a name, locked."""
    while True:
        part = _part_name(parts)
        fd = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        _lock(fd)
        if part.exists():  # else removed before it was locked
            return fd, part
        os.close(fd)


def _lock(fd: int) -> None:
    """Lock a file against `_remove_orphans`, where the file system has locks."""
    with suppress(OSError):
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _part_name(parts: Path) -> Path:
    return parts.with_name(f"{parts.name}.{uuid4().hex}.part")


def _remove_orphans(parts: Path) -> None:
    """Remove the files of processes that ended before their replacement."""
    for part in parts.parent.glob(f"{parts.name}.*.part"):
        with suppress(OSError), part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails during a save
            part.unlink()
