"""Private API of numba, used by the compiler of the kernels."""

# mypy: disable-error-code="misc"

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from numba.core import cgutils
from numba.core.caching import FunctionCache
from numba.core.imputils import RefType, iternext_impl
from numba.core.typing.templates import AbstractTemplate, infer_global, signature

from skattn.ops import _random

__all__ = [
    "AbstractTemplate", "RefType", "cache_by_sources", "cgutils", "infer_global",
    "iternext_impl", "signature",
]  # fmt: skip


def cache_by_sources(dispatcher: Any, function: Any) -> None:
    """Cache compiled code on disk until a file in the function's folder changes.

    numba's own cache checks only the file of the kernel, not the files it imports:
    after an update, stale kernels would run on buffers of a new layout.
    """
    dispatcher._cache = _Cache(function)


class _Cache(FunctionCache):
    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except (AttributeError, ImportError):  # cached for a type that no longer exists
            self.flush()
            return None

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        folder = Path(self._py_func.__code__.co_filename).parent
        return *super()._index_key(sig, codegen), _digest(folder)


@lru_cache
def _digest(folder: Path) -> str:
    paths = [
        *sorted(folder.glob("*.py")),
        Path(_random.__file__),
    ]  # constants of the hash
    sources = [path.read_bytes() for path in paths]
    return hashlib.sha256(b"".join(sources)).hexdigest()
