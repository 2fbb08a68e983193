"""Nesting of JSON and the memory of its values, computed before it is parsed."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_BYTES_PER_BLOCK = 1 << 11  # scanned at once
_QUOTE, _BACKSLASH = b'"\\'
_IS_NUMBER = np.isin(np.arange(256), list(b"0123456789+-.eE"))
_STEP = np.zeros(256, np.int32)
_STEP[list(b"[{")], _STEP[list(b"]}")] = 1, -1
_SIGNS = [(b"[", 88), (b"{", 184), (b",", 9), (b":", 16)]
"""Bytes of CPython for a list, a dict with up to `_ENTRIES` entries, and an entry."""
_ENTRIES = 4
_BYTES_PER_FURTHER_ENTRY = 130
_BYTES_PER_NUMBER = 28
_BYTES_PER_TEXT = 49


class JSONExtent(NamedTuple):
    """Bounds of JSON."""

    depth: int
    """Nesting of lists and dicts."""
    n_bytes: int
    """Approximate memory of the values, as CPython stores them."""


def json_extent(text: bytes) -> JSONExtent:
    """Return the bounds of JSON in ASCII, in one pass with constant memory.

    Those of invalid JSON are at least the bounds of its part before the first error.
    """
    counts = np.zeros(256, np.int64)
    n_numbers = level = deepest = 0
    for block in _outside_text(text):
        counts += np.bincount(block, minlength=256)
        digits = _IS_NUMBER[block]
        n_numbers += int(np.count_nonzero(digits[1:] > digits[:-1]) + digits[0])
        levels = level + np.cumsum(_STEP[block])
        deepest, level = max(deepest, int(levels.max())), int(levels[-1])
    n_signs = {sign: int(counts[ord(sign)]) for sign in (b"{", b":", b'"')}
    entries = n_signs[b":"]
    n_bytes = len(text) + sum(size * int(counts[ord(sign)]) for sign, size in _SIGNS)
    n_bytes += _BYTES_PER_NUMBER * n_numbers
    n_bytes += _BYTES_PER_TEXT * max(n_signs[b'"'] - entries, 0)  # keys are shared
    n_bytes += _BYTES_PER_FURTHER_ENTRY * max(entries - _ENTRIES * n_signs[b"{"], 0)
    return JSONExtent(deepest, n_bytes)


def _outside_text(text: bytes) -> Iterator[NDArray[np.uint8]]:
    """Yield the bytes outside of text, with the quotes that close it, in blocks."""
    inside = escaped = False
    whole = np.frombuffer(text, np.uint8)
    for low in range(0, len(text), _BYTES_PER_BLOCK):
        block = whole[low : low + _BYTES_PER_BLOCK]
        quotes, escaped = _quotes(block, escaped=escaped)
        within = (np.cumsum(quotes) + inside) % 2 == 1
        inside = bool(within[-1])
        if not within.all():
            yield block[~within]


def _quotes(block: NDArray[np.uint8], *, escaped: bool) -> tuple[NDArray[Any], bool]:
    """Return which bytes open or close text, and whether the next byte is escaped.

    A quote after an odd number of backslashes is part of a text.
    """
    quotes, slashes = block == _QUOTE, block == _BACKSLASH
    if not (escaped or slashes.any()):
        return quotes, False
    places = np.arange(1, len(block) + 1)
    last = np.maximum.accumulate(np.where(slashes, 0, places))  # without a backslash
    odd = (places - last + np.where(last == 0, escaped, 0)) % 2 == 1
    quotes[1:] &= ~odd[:-1]
    quotes[0] &= not escaped
    return quotes, bool(odd[-1])
