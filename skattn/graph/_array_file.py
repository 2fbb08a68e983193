"""Files of plain arrays and a JSON header that can be memory-mapped.

Layout: 16 magic bytes; offset, length and checksum of the header as int64; the arrays,
in order, each at a multiple of 64 bytes; the header, with dtype, shape, offset and
checksum of each array. The header comes last, so that arrays are written in one pass
and a truncated file is detected. A reader allocates only after a comparison with the
length of the file.
"""

import json
import math
import mmap as memory
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from skattn.graph._atomic_file import replacing
from skattn.graph._json_extent import json_extent

MAGIC = b"\x93skattn arrays\r\n"
_ALIGNMENT = 64  # bytes of a cache line
_START = np.dtype(
    [("magic", "S16"), ("head", "<i8"), ("length", "<i8"), ("crc32", "<i8")]
)
_BYTES_PER_BLOCK = 1 << 24  # copied at once of a non-contiguous array
_BYTES_PER_READ = 1 << 20  # read at once of an array that is verified
_MAX_MAPS = 32
"""Arrays of a file with a memory map of their own."""
_MAX_DIMENSIONS = 64
"""Maximum dimensions of an array of numpy."""
_MAX_DEPTH = 200
"""Maximum nesting of the header, below the recursion limit of Python."""
_MAX_EXTENT = (12, 1 << 16)
"""Bytes of the header's values per byte of the file, and in addition."""
_DTYPE = re.compile(r"[<>|][biufcSUmM]\d{1,10}|[<>][mM]8\[\w{1,20}\]")
KINDS = "biufcSUmM"
"""Kinds of dtypes that can be stored: all but Python objects and structured ones."""


class NotAnArrayFileError(ValueError):
    """Error for a damaged file or a file in another format."""


class _Entry(NamedTuple):
    """Position of an array in a file, checked."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int
    n_bytes: int
    crc32: int


def write_arrays(
    path: str | os.PathLike[str], head: Any, arrays: Sequence[NDArray[Any]]
) -> None:
    """Write arrays and a JSON header; an existing file is replaced at the end.

    Arrays hold numbers, dates or text, in any memory order, and may be memory maps of
    the replaced file. Raises TypeError for other arrays and a header without a form in
    JSON or with deep nesting.
    """
    with replacing(path) as file:
        file.write(bytes(_START.itemsize))
        index = [_write_array(file, array) for array in arrays]
        text = json.dumps({"head": head, "arrays": index}).encode()
        if excess := _excess(text, file.tell() + len(text)):
            raise TypeError(
                "values outside arrays must be fewer and nested less deeply to be "
                f"saved, got {excess}. Replace them, or use joblib.dump."
            )
        start = (MAGIC, file.tell(), len(text), zlib.crc32(text))
        file.write(text)
        file.seek(0)
        file.write(np.array(start, _START).tobytes())


def read_arrays(
    path: str | os.PathLike[str], *, mmap: bool, verify: bool = True
) -> tuple[Any, list[NDArray[Any]]]:
    """Read the header and arrays of a file from `write_arrays`.

    With `mmap`, the arrays are read-only memory maps. Checksums are compared, unless
    arrays are mapped and `verify` is False. Raises NotAnArrayFileError for other and
    damaged files.
    """
    with open(os.path.abspath(path), "rb") as file:  # memory maps store this name
        try:
            content, end = _read_header(file)
            head, index = content["head"], _checked_index(content["arrays"], end)
            if not mmap:
                return head, [_read_array(file, entry) for entry in index]
            if verify:
                _verify(file, index)
            return head, _map_arrays(file, index)
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise NotAnArrayFileError(str(error)) from error


@contextmanager
def pages_dropped(arrays: Sequence[NDArray[Any]]) -> Iterator[None]:
    """Drop the pages of memory-mapped arrays that a block has read from memory."""
    yield
    for base in map(_base, arrays):
        if isinstance(base, memory.mmap) and hasattr(memory, "MADV_DONTNEED"):
            base.madvise(memory.MADV_DONTNEED)


def _base(array: Any) -> Any:
    """Return the object that owns the memory of an array, None if the array does."""
    while isinstance(array, np.ndarray):
        array = array.base
    return array


def _write_array(file: BinaryIO, array: NDArray[Any]) -> dict[str, Any]:
    """Write an array and return its entry in the header."""
    if array.dtype.kind not in KINDS:
        raise TypeError(f"arrays of dtype {array.dtype} cannot be stored.")
    file.write(bytes(-file.tell() % _ALIGNMENT))
    offset, crc32 = file.tell(), 0
    rows = np.atleast_1d(array)
    step = max(_BYTES_PER_BLOCK // max(rows[:1].nbytes, 1), 1)
    for low in range(0, len(rows) if rows.size else 0, step):
        block = _bytes(np.ascontiguousarray(rows[low : low + step]))
        crc32 = zlib.crc32(block, crc32)
        file.write(block)
    return {
        "dtype": array.dtype.str,
        "shape": array.shape,
        "offset": offset,
        "crc32": crc32,
    }


def _read_header(file: BinaryIO) -> tuple[Any, int]:
    """Read the header and its offset after checking the length of the file."""
    start = file.read(_START.itemsize)
    if len(start) < _START.itemsize or start[: len(MAGIC)] != MAGIC:
        raise ValueError("its first bytes are those of another format")
    _, head, length, crc32 = np.frombuffer(start, _START)[0].item()
    size = os.fstat(file.fileno()).st_size
    if size != head + length:
        raise ValueError(f"it has {size} bytes and must have {head + length}")
    if head < _START.itemsize or length < 0:
        raise ValueError(f"it has a header of {length} bytes at byte {head}")
    file.seek(head)
    text = file.read(length)
    if zlib.crc32(text) != crc32:
        raise ValueError("its header does not match its checksum")
    if excess := _excess(text, size):
        raise ValueError(f"its header has {excess}")
    return json.loads(text), head


def _excess(text: bytes, size: int) -> str:
    """Return the excess of a header over the limits of a file, "" without any."""
    factor, more = _MAX_EXTENT
    depth, n_bytes = json_extent(text)
    if depth > _MAX_DEPTH:
        return f"{depth} levels of lists and dicts"
    if n_bytes > factor * size + more or not text.isascii():
        return f"lists, dicts and text of {n_bytes} bytes for a file of {size}"
    return ""


def _checked_index(index: Any, end: int) -> list[_Entry]:
    """Return the positions of arrays, which lie before `end` and do not overlap."""
    entries, free = [], _START.itemsize
    for entry in index:
        entries.append(_checked_entry(entry, free, end))
        free = entries[-1].offset + entries[-1].n_bytes
    return entries


def _checked_entry(entry: Any, free: int, end: int) -> _Entry:
    """Return the position of an array, which lies between two bytes of the file."""
    name, shape, offset = entry["dtype"], entry["shape"], entry["offset"]
    if not _DTYPE.fullmatch(name):
        raise ValueError(f"it has an array of dtype {name!r:.50}")
    dtype = np.dtype(name)
    sizes = [*shape, offset, entry["crc32"]]
    if len(shape) > _MAX_DIMENSIONS or not all(
        type(n) is int and n >= 0 for n in sizes
    ):
        raise ValueError(f"it has an array of shape {shape!r:.50} at {offset!r:.50}")
    n_bytes = dtype.itemsize * math.prod(shape)
    fits = (
        offset >= free and offset + n_bytes <= end and max(shape[:1], default=0) <= end
    )
    if not fits or offset % _ALIGNMENT or dtype.itemsize == 0:
        raise ValueError(f"it has no {dtype} array of shape {shape} at byte {offset}")
    return _Entry(dtype, tuple(shape), offset, n_bytes, entry["crc32"])


def _read_array(file: BinaryIO, entry: _Entry) -> NDArray[Any]:
    """Read one array and compare its checksum."""
    if entry.n_bytes == 0:
        return np.empty(entry.shape, entry.dtype)
    file.seek(entry.offset)
    array = np.fromfile(file, entry.dtype, math.prod(entry.shape))
    _compare(zlib.crc32(_bytes(array)), entry)
    return array.reshape(entry.shape)


def _map_arrays(file: BinaryIO, index: list[_Entry]) -> list[NDArray[Any]]:
    """Return memory maps of arrays: one each of the first, one of all others.

    scipy copies slices of a larger map, and each map takes a file descriptor.
    """
    own, others = index[:_MAX_MAPS], index[_MAX_MAPS:]
    arrays = [_map_array(file, entry) for entry in own]
    if others:
        whole = np.memmap(file, np.uint8, "r")
        arrays += [_slice(whole, entry) for entry in others]
    return arrays


def _map_array(file: BinaryIO, entry: _Entry) -> NDArray[Any]:
    if entry.n_bytes == 0:
        return np.empty(entry.shape, entry.dtype)
    return np.memmap(file, entry.dtype, "r", entry.offset, entry.shape)


def _slice(whole: NDArray[np.uint8], entry: _Entry) -> NDArray[Any]:
    part = whole[entry.offset : entry.offset + entry.n_bytes]
    return part.view(entry.dtype).reshape(entry.shape)


def _verify(file: BinaryIO, index: list[_Entry]) -> None:
    """Compare the checksums of arrays without mapping them."""
    longest = max((entry.n_bytes for entry in index), default=0)
    block = memoryview(bytearray(min(longest, _BYTES_PER_READ)))
    for entry in index:
        file.seek(entry.offset)
        crc32, left = 0, entry.n_bytes
        while left:
            n_read = file.readinto(block[: min(left, len(block))])  # type: ignore[attr-defined]
            if not n_read:
                raise ValueError("it ended while it was read")
            crc32, left = zlib.crc32(block[:n_read], crc32), left - n_read
        _compare(crc32, entry)


def _compare(crc32: int, entry: _Entry) -> None:
    if crc32 != entry.crc32:
        raise ValueError("an array does not match its checksum")


def _bytes(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data
