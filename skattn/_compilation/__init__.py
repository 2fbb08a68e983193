"""Compiled functions: their cache on disk, and interrupts while they compile."""

from skattn._compilation._cache import cache_by_sources, cached_jit

__all__ = ["cache_by_sources", "cached_jit"]
