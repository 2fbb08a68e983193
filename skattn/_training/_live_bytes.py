"""Peak memory of simultaneously live tensors."""

import weakref
from collections.abc import Iterable

import torch
from torch import Tensor

from skattn._compat_torch import (
    TorchDispatchMode,
    storage_key,
    tree_leaves,
)
from skattn.ops import SparseMatrix

HEAP_LIMIT = 32 << 20
"""Bytes from which a tensor has its own pages; smaller ones share the heap."""
HEAP_FACTOR = 1.25
"""Heap memory per byte of tensors, see benchmarks/step_memory.py."""


class LiveBytes(TorchDispatchMode):
    """Peak memory of the tensors that are allocated within the context.

    Parameters
    ----------
    rows_of : Tensor or SparseMatrix
        The node features. Data-dependent numbers of repetitions are estimated by their
        stored entries per row.
    """

    def __init__(self, rows_of: Tensor | SparseMatrix) -> None:
        super().__init__()
        self.now = self.peak = 0.0
        self._sizes: dict[int, float] = {}
        self._per_row = 1.0
        if isinstance(rows_of, SparseMatrix):
            self._per_row = rows_of.edges.n_edges / max(len(rows_of), 1)

    def ignore(self, tensors: Iterable[Tensor]) -> None:
        """Exclude tensors from the count."""
        for tensor in tensors:
            self._watch(tensor.untyped_storage(), 0.0)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Call an operation and add its new tensors to the count."""
        kwargs = dict(kwargs or {})
        if func is torch.ops.aten.repeat_interleave.Tensor:
            kwargs.setdefault("output_size", round(len(args[0]) * self._per_row))
        made = func(*args, **kwargs)
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor):
                storage = tensor.untyped_storage()
                self._watch(storage, _cost(storage.nbytes()))
        return made

    def _watch(self, storage: torch.UntypedStorage, n_bytes: float) -> None:
        key = storage_key(storage)
        if key in self._sizes:
            return
        self._sizes[key] = n_bytes
        self.now += n_bytes
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._forget, key)

    def _forget(self, key: int) -> None:
        self.now -= self._sizes.pop(key)


def _cost(n_bytes: int) -> float:
    return n_bytes if n_bytes >= HEAP_LIMIT else HEAP_FACTOR * n_bytes
