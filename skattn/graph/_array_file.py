"""Plain arrays and a JSON head in one file, laid out to be mapped into memory.

Layout: 16 magic bytes; offset, length and checksum of the head, three int64 numbers;
the arrays, each at a multiple of 64 bytes; the head, which also holds dtype, shape,
offset and checksum of each array. The head comes last, so that an array is written and
its checksum taken in one pass, and a truncated file is noticed.
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
_ALIGNMENT = 64  # a line of the processor's cache
_START = np.dtype(
    [("magic", "S16"), ("head", "<i8"), ("length", "<i8"), ("crc32", "<i8")]
)
_BYTES_PER_BLOCK = 1 << 24  # copied at a time of an array that is not contiguous
KINDS = "biufcSUmM"
"""Kinds of dtypes that can be stored: all but Python objects and records."""


class NotAnArrayFileError(ValueError):
    """Error for a damaged file, or one of another program."""


def write_arrays(
    path: str | os.PathLike[str], head: Any, arrays: Sequence[NDArray[Any]]
) -> None:
    """Write arrays and a JSON head; an old file stays until the new one is complete.

    Parameters
    ----------
    path : str or os.PathLike
        The file. An array may be mapped from the very file that is replaced.
    head : object
        A JSON-serialisable value.
    arrays : sequence of ndarray
        Numbers, dates or text; of any order and stride.
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with beside.open("xb") as file:
            file.write(bytes(_START.itemsize))
            index = [_put(file, array) for array in arrays]
            text = json.dumps({"head": head, "arrays": index}).encode()
            start = (MAGIC, file.tell(), len(text), zlib.crc32(text))
            file.write(text)
            file.seek(0)
            file.write(np.array(start, _START).tobytes())
            file.flush()
            os.fsync(file.fileno())  # a name must not outlive a loss of power alone
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def read_arrays(
    path: str | os.PathLike[str], *, mmap: bool
) -> tuple[Any, list[NDArray[Any]]]:
    """Read or map a file of `write_arrays`.

    Parameters
    ----------
    path : str or os.PathLike
        The file.
    mmap : bool
        Whether the arrays are memory-mapped, read-only; else they are read and their
        checksums compared.

    Returns
    -------
    head : object
        The head, as written.
    arrays : list of ndarray
        Memory maps if `mmap`, except those without elements.

    Raises
    ------
    NotAnArrayFileError
        If the file is damaged or of another program.
    """
    with open(os.path.abspath(path), "rb") as file:  # the map stores this name
        try:
            content = _content(file)
            head, index = content["head"], content["arrays"]
            return head, [_take(file, entry, mmap=mmap) for entry in index]
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise NotAnArrayFileError(str(error)) from error


def _put(file: BinaryIO, array: NDArray[Any]) -> dict[str, Any]:
    """Write an array and return its entry of the head."""
    if array.dtype.kind not in KINDS:
        raise TypeError(f"arrays of dtype {array.dtype} have no plain form.")
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


def _content(file: BinaryIO) -> Any:
    """Read the head, after checking the file's length."""
    start = file.read(_START.itemsize)
    if len(start) < _START.itemsize or start[: len(MAGIC)] != MAGIC:
        raise ValueError("it does not begin as such a file does")
    _, head, length, crc32 = np.frombuffer(start, _START)[0].item()
    if (size := _size(file)) != head + length:
        raise ValueError(f"it has {size} bytes and must have {head + length}")
    file.seek(head)
    text = file.read(length)
    if zlib.crc32(text) != crc32:
        raise ValueError("its head does not match its checksum")
    return json.loads(text)


def _take(file: BinaryIO, entry: dict[str, Any], *, mmap: bool) -> NDArray[Any]:
    """Map or read one array."""
    dtype, shape, offset = np.dtype(entry["dtype"]), entry["shape"], entry["offset"]
    n_bytes = dtype.itemsize * math.prod(shape)
    fits = min((*shape, offset)) >= 0 and offset + n_bytes <= _size(file)
    if dtype.kind not in KINDS or not fits:
        raise ValueError(f"it has no array of {dtype} and shape {shape} at {offset}")
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
