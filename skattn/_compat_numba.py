"""Private API of numba, used by the compiler and the cache of the kernels."""

from __future__ import annotations

from numba.core import cgutils
from numba.core.caching import FunctionCache, NullCache
from numba.core.compiler_lock import global_compiler_lock as compiler_lock
from numba.core.imputils import RefType, iternext_impl
from numba.core.serialize import dumps
from numba.core.typing.templates import AbstractTemplate, infer_global, signature

__all__ = [
    "AbstractTemplate", "FunctionCache", "NullCache", "RefType", "cgutils",
    "compiler_lock", "dumps", "infer_global", "iternext_impl", "signature",
]  # fmt: skip
