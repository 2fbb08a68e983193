"""Tensors that share the memory of arrays, memory-mapped ones included."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, from_numpy


def as_tensor(array: NDArray[Any], dtype: type[np.generic]) -> Tensor:
    """Make a contiguous tensor; it shares the array's memory if possible."""
    if array.dtype == dtype and array.flags.c_contiguous and is_mapped(array):
        return from_numpy(np.asarray(_DeclaredWritable(array)))
    return from_numpy(np.require(array, dtype, ["C", "W"]))


def as_array(tensor: Tensor | None) -> NDArray[Any]:
    """Return a tensor as an array that shares its memory."""
    assert tensor is not None
    array: NDArray[Any] = tensor.numpy()
    return array


def is_mapped(array: Any) -> bool:
    """Return whether an array is a read-only memory map of a file."""
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap) and array.mode == "r":
            return True
        array = array.base
    return False


class _DeclaredWritable:
    """Array interface of a read-only array, declared writable as torch requires.

    Nothing writes to a batch. A copy-on-write map would need as much free memory as the
    file is large.
    """

    def __init__(self, array: NDArray[Any]) -> None:
        self.array = array
        address = array.__array_interface__["data"][0]
        self.__array_interface__ = array.__array_interface__ | {
            "data": (address, False)
        }
