"""Files of plain arrays and a JSON header that can be memory-mapped.

Layout: 16 magic bytes; offset, length and checksum of the header as int64; the arrays,
each at a multiple of 64 bytes; the header, with dtype, shape, offset and checksum of
each array. The header comes last, so that arrays are written in one pass and a
truncated file is detected.
"""

import json
import math
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

MAGIC = b"\x93skattn arrays\r\n"
_ALIGNMENT = 64  # bytes of a cache line
_START = np.dtype(
    [("magic", "S16"), ("head", "<i8"), ("length", "<i8"), ("crc32", "<i8")]
)
_BYTES_PER_BLOCK = 1 << 24  # copied at once of a non-contiguous array
KINDS = "biufcSUmM"
"""Kinds of dtypes that can be stored: all but Python objects and structured ones."""


class NotAnArrayFileError(ValueError):
    """Error for a damaged file or a file in another format."""


def write_arrays(
    path: str | os.PathLike[str], head: Any, arrays: Sequence[NDArray[Any]]
) -> None:
    """Write arrays and a JSON header; an existing file is replaced at the end.

    Arrays hold numbers, dates or text, in any memory order, and may be memory maps of
    the replaced file.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with temporary.open("xb") as file:
            file.write(bytes(_START.itemsize))
            index = [_write_array(file, array) for array in arrays]
            text = json.dumps({"head": head, "arrays": index}).encode()
            start = (MAGIC, file.tell(), len(text), zlib.crc32(text))
            file.write(text)
            file.seek(0)
            file.write(np.array(start, _START).tobytes())
            file.flush()
            os.fsync(file.fileno())  # the content is on disk before the name
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_arrays(
    path: str | os.PathLike[str], *, mmap: bool
) -> tuple[Any, list[NDArray[Any]]]:
    """Read the header and arrays of a file from `write_arrays`.

    With `mmap`, the arrays are read-only memory maps; otherwise checksums are compared.
    Raises NotAnArrayFileError for other and damaged files.
    """
    with open(os.path.abspath(path), "rb") as file:  # memory maps store this name
        try:
            content = _read_header(file)
            head, index = content["head"], content["arrays"]
            return head, [_read_array(file, entry, mmap=mmap) for entry in index]
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise NotAnArrayFileError(str(error)) from error


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


def _read_header(file: BinaryIO) -> Any:
    """Read the header after checking the length of the file."""
    start = file.read(_START.itemsize)
    if len(start) < _START.itemsize or start[: len(MAGIC)] != MAGIC:
        raise ValueError("its first bytes are those of another format")
    _, head, length, crc32 = np.frombuffer(start, _START)[0].item()
    if (size := _size(file)) != head + length:
        raise ValueError(f"it has {size} bytes and must have {head + length}")
    file.seek(head)
    text = file.read(length)
    if zlib.crc32(text) != crc32:
        raise ValueError("its header does not match its checksum")
    return json.loads(text)


def _read_array(file: BinaryIO, entry: dict[str, Any], *, mmap: bool) -> NDArray[Any]:
    """Return one array, memory-mapped or read and checked."""
    dtype, shape, offset = np.dtype(entry["dtype"]), entry["shape"], entry["offset"]
    n_bytes = dtype.itemsize * math.prod(shape)
    fits = min((*shape, offset)) >= 0 and offset + n_bytes <= _size(file)
    if dtype.kind not in KINDS or not fits:
        raise ValueError(f"it has no {dtype} array of shape {shape} at byte {offset}")
    if 0 in shape:
        return np.empty(shape, dtype)
    if mmap:
        return np.memmap(file, dtype, "r", offset, tuple(shape))
    file.seek(offset)
    array = np.fromfile(file, dtype, math.prod(shape)).reshape(shape)
    if zlib.crc32(_bytes(array)) != entry["crc32"]:
        raise ValueError("an array does not match its checksum")
    return array


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def _bytes(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data
