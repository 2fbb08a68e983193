"""What this room uses of torch's private API; an upgrade may break this file alone."""

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

__all__ = ["TorchDispatchMode", "library_path", "storage_key", "tree_leaves"]


def library_path() -> str:
    """Return the path of the shared library that torch runs on."""
    path: str = torch._C.__file__
    return path


def storage_key(storage: torch.UntypedStorage) -> int:
    """Return a number that views of the same memory share while it is there."""
    return storage._cdata
