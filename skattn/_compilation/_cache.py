"""Cache of compiled functions on disk, for processes that compile at once or end early.

numba's own cache writes an index, then the code that it refers to. Two processes that
compile different signatures at once, or one that ends between the writes, leave an
index that refers to other code. Here an entry is one file, which contains its key.
"""

# mypy: disable-error-code="misc"

from __future__ import annotations

import hashlib
import os
import pickle
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import numba

from skattn._compat_numba import FunctionCache, NullCache, compiler_lock, dumps
from skattn._compilation._interrupts import delayed_interrupts

__all__ = ["cache_by_sources", "cached_jit"]

_DIGEST = 32  # bytes before the content of a file


def cached_jit(**options: Any) -> Callable[[Any], Any]:
    """Return a decorator as `numba.njit` that caches by sources."""

    def compile_function(function: Any) -> Any:
        dispatcher = numba.njit(**options)(function)
        cache_by_sources(dispatcher, function)
        return dispatcher

    return compile_function


def cache_by_sources(dispatcher: Any, function: Any, *others: Path) -> None:
    """Cache compiled code on disk until a file that it may depend on changes.

    These are the files in the function's folder, and `others`. numba's own cache checks
    only the file of the kernel, not the files it imports: after an update, stale
    kernels would run on buffers of a new layout.
    """
    try:
        dispatcher._cache = _Cache(function, others)
    except RuntimeError as error:  # numba finds no folder that can be written to
        dispatcher._cache = _NoCache(error)
    dispatcher.compile = delayed_interrupts()(dispatcher.compile)


class _Cache(FunctionCache):
    def __init__(self, function: Any, others: tuple[Path, ...]) -> None:
        super().__init__(function)
        self._others = others
        folder, name = Path(self._cache_path), self._impl.filename_base
        self._cache_file = _Entries(folder, name)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except (AttributeError, ImportError, OSError):  # a type no longer exists
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _warn_not_saved(error)

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        folder = Path(self._py_func.__code__.co_filename).parent
        versions = numba.__version__, _digest(folder, self._others)
        return *super()._index_key(sig, codegen), *versions


class _NoCache(NullCache):
    def __init__(self, reason: Exception) -> None:
        self._reason = reason

    def save_overload(self, sig: Any, data: Any) -> None:  # noqa: ARG002
        _warn_not_saved(self._reason)


class _Entries:
    """Files of the entries of one function."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name

    def load(self, key: Any) -> Any:
        """Return the data of an entry; None if there is none or its file is damaged."""
        path = self._path(key)
        if not path.is_file():
            return None
        content = path.read_bytes()
        if content[:_DIGEST] != hashlib.sha256(content[_DIGEST:]).digest():
            return None
        found, data = pickle.loads(content[_DIGEST:])
        return data if found == key else None

    def save(self, key: Any, data: Any) -> None:
        """Write an entry; other processes see all of it or nothing."""
        content = dumps((key, data))
        path = self._path(key)
        part = path.with_name(f"{path.name}.{uuid4().hex}.part")
        try:
            part.write_bytes(hashlib.sha256(content).digest() + content)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise

    def _path(self, key: Any) -> Path:
        digest = hashlib.sha256(repr(key).encode()).hexdigest()[:32]
        return self._folder / f"{self._name}.{digest}.nbc"


@lru_cache
def _digest(folder: Path, others: tuple[Path, ...]) -> str:
    sources = [path.read_bytes() for path in (*sorted(folder.glob("*.py")), *others)]
    return hashlib.sha256(b"".join(sources)).hexdigest()


def _warn_not_saved(reason: Exception) -> None:
    warnings.warn(
        f"Compiled kernels cannot be saved ({reason}): every process compiles them "
        "again, which may take a minute. Set the environment variable NUMBA_CACHE_DIR "
        "to a folder that can be written to and has space.",
        UserWarning,
        stacklevel=2,
    )


# A fork waits for the end of a compilation in another thread: the child does not have
# that thread, and its lock would never be released.
os.register_at_fork(
    before=compiler_lock.acquire,
    after_in_parent=compiler_lock.release,
    after_in_child=compiler_lock.release,
)
